// SPDX-License-Identifier: Apache-2.0
// The program: hindscale <stage> FILE.nml [group/key=value ...].
#include <torch/version.h>

#include <boost/program_options.hpp>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "hindscale/app/stages.hpp"
#include "hindscale/comm/runtime.hpp"
#include "hindscale/core/stop.hpp"
#include "hindscale/io/versions.hpp"
#include "hindscale/model/devices.hpp"
#include "prepare_recipe.hpp"
#include "stage_support.hpp"

namespace hindscale {
namespace {

using Stage = std::function<ExitCode(const Context&, const Options&)>;

struct Command {
  std::string meaning;
  Stage run;
};

const std::map<std::string, Command>& stages() {
  static const std::map<std::string, Command> all{
      {"prepare", {"source files -> sample store", run_prepare}},
      {"train", {"sample store -> checkpoints", run_train}},
      {"calibrate",
       {"checkpoint and validation months -> sampler, steps and noise", run_calibrate}},
      {"reconstruct", {"checkpoint and coarse fields -> ensemble of CF files", run_reconstruct}},
      {"evaluate", {"reconstruction and truth -> scores", run_evaluate}},
      {"check", {"validate a namelist and its inputs, print the plan, compute nothing", run_check}},
      {"plan", {"what training and reconstruction cost on a machine", run_plan}},
  };
  return all;
}

void print_help() {
  std::cout
      << "usage: hindscale <stage> FILE.nml [group/key=value ...]\n"
         "       hindscale world FILE.nml [world/key=value ...]\n"
         "       hindscale plan FILE.nml --machine MACHINE.nml | --measure [group/key=value ...]\n"
         "       hindscale describe        the namelist reference, in Markdown\n"
         "       hindscale info PATH       what a store, checkpoint or output is\n"
         "       hindscale --help | --version\n\nstages:\n";
  for (const char* name :
       {"prepare", "train", "calibrate", "reconstruct", "evaluate", "check", "plan"}) {
    std::cout << "  " << name << std::string(13 - std::string(name).size(), ' ')
              << stages().at(name).meaning << "\n";
  }
  std::cout
      << "  world        terrain -> an invented world whose truth is known, to try all this on\n"
         "\nexit status: 0 done, 2 bad input or usage, 74 input/output failed, 75 stopped "
         "cleanly (run again to go on), 1 bug\n";
}

void print_version() {
  std::cout << program_version() << "\nMPI      " << mpi_version() << "\nLibTorch " << TORCH_VERSION
            << "\nKokkos   " << kokkos_version() << "\nHDF5     " << hdf5_version() << "\nnetCDF   "
            << netcdf_version() << "\nPnetCDF  " << pnetcdf_version() << "\ndevice   "
            << device_description() << "\n";
}

struct Arguments {
  std::string command{};
  std::string path{};
  std::string machine{};  ///< namelist of 'plan', empty: none
  bool measures = false;  ///< of 'plan'
  std::vector<std::string> overrides{};
};

[[noreturn]] void refuse_usage(const std::string& problem, const std::string& value) {
  throw InputError({.problem = problem, .value = value, .advice = "see hindscale --help"});
}

Arguments parse(int argc, char** argv) {
  namespace po = boost::program_options;
  po::options_description hidden;
  hidden.add_options()("help,h", "")("version,V", "")("measure", "")(
      "machine", po::value<std::string>())("arguments", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("arguments", -1);
  po::variables_map map;
  try {
    po::store(po::command_line_parser(argc, argv).options(hidden).positional(positional).run(),
              map);
  } catch (const po::error& error) {
    refuse_usage(error.what(), "");
  }
  if (map.count("help") != 0) return {"help"};
  if (map.count("version") != 0) return {"version"};
  const auto words = map.count("arguments") != 0 ? map["arguments"].as<std::vector<std::string>>()
                                                 : std::vector<std::string>{};
  if (words.empty()) refuse_usage("no stage is given", "");
  Arguments arguments{words[0], words.size() > 1 ? words[1] : ""};
  if (map.count("machine") != 0) arguments.machine = map["machine"].as<std::string>();
  arguments.measures = map.count("measure") != 0;
  if (words[0] == "plan" && arguments.machine.empty() != arguments.measures)
    refuse_usage("plan needs the rates of a machine: one of --machine FILE and --measure", "");
  if (words[0] != "plan" && (!arguments.machine.empty() || arguments.measures))
    refuse_usage("--machine and --measure belong to plan", words[0]);
  if (words.size() > 2) arguments.overrides.assign(words.begin() + 2, words.end());
  for (const std::string& change : arguments.overrides)
    if (!arguments.machine.empty() && change.starts_with("machine/"))
      refuse_usage("options of &machine belong into the file that --machine names", change);
  if (words[0] == "info" && words.size() > 2) refuse_usage("info takes one path", words[2]);
  if (words[0] == "describe") return arguments;
  if (stages().count(words[0]) == 0 && words[0] != "info" && words[0] != "world")
    refuse_usage("unknown stage", words[0]);
  if (arguments.path.empty())
    refuse_usage(words[0] == "info" ? "no path is given" : "no namelist is given", "");
  return arguments;
}

/// The stage with a namelist of its own.
ExitCode make_world(const Arguments& arguments, const Context& context) {
  WorldOptions world;
  together(context.comm, [&] { world = read_world(arguments.path, arguments.overrides); });
  for (const std::string& warning : world.warnings) context.log.warn("{}", warning);
  const ExitCode code = run_world(context, world);
  Options options;
  options.experiment.directory = world.directory;
  report_regions(context, options, arguments.command);
  return code;
}

ExitCode run(const Arguments& arguments, Context& context) {
  if (arguments.command == "info") return run_info(context, arguments.path);
  if (arguments.command == "world") return make_world(arguments, context);
  Options options;
  together(context.comm, [&] {
    options = read_options(arguments.path, arguments.overrides);
    if (arguments.machine.empty()) return;
    options.machine = read_machine(arguments.machine);
    for (const char* key : {"machine/overhead", "machine/training_overhead"})
      options.places[key] = {};  // what a file of a machine says is not measured anew
  });
  for (const std::string& warning : options.warnings) context.log.warn("{}", warning);
  // The stages that save their state; others end at once, as processes do.
  if (arguments.command == "train" || arguments.command == "reconstruct") install_stop_signals();
  if (arguments.command != "prepare" && arguments.command != "check" && arguments.command != "plan")
    together(context.comm, [&] { require_own_store(options); });
  context.seed = static_cast<std::uint64_t>(options.experiment.seed);
  const ExitCode code = stages().at(arguments.command).run(context, options);
  if (arguments.command != "check" && arguments.command != "plan")
    report_regions(context, options, arguments.command);
  return code;
}

/// Texts that need no namelist; true where one was printed.
bool print_text(const Arguments& arguments, bool is_root) {
  if (arguments.command != "help" && arguments.command != "version" &&
      arguments.command != "describe")
    return false;
  if (!is_root) return true;
  if (arguments.command == "help") print_help();
  if (arguments.command == "version") print_version();
  if (arguments.command == "describe") describe_options(std::cout);
  return true;
}

/// SystemError where what was printed did not all arrive, as on a full disk.
void require_printed() {
  std::cout.flush();
  const bool is_flushed = std::fflush(stdout) == 0;
  if (is_flushed && std::cout && std::ferror(stdout) == 0) return;
  throw SystemError({.problem = "standard output could not be written",
                     .advice = "is it closed, or the disk full that it goes to?"});
}

void print_last_line(bool is_root, ExitCode code) {
  if (!is_root) return;
  const char* word = code == ExitCode::done      ? "SUCCESS"
                     : code == ExitCode::stopped ? "STOPPED"
                                                 : "FAILED";
  std::cout.flush();
  std::fprintf(stderr, "hindscale: %s\n", word);
}

/// Ends after an error: in order where all ranks met it together, the whole job at once where only
/// this rank did or a write failed (after which libraries may hang).
int fail(const Context& context, const std::string& message, ExitCode code) {
  constexpr double patience_s = 3;
  const bool together = all_ranks_arrive(patience_s);
  if (context.comm.is_root() || !together) {
    const std::string rank = together || context.comm.size() == 1
                                 ? ""
                                 : " on rank " + std::to_string(context.comm.rank());
    std::fprintf(stderr, "hindscale: error%s: %s\n", rank.c_str(), message.c_str());
    print_last_line(true, code);
  }
  std::fflush(stderr);
  if (!together || code == ExitCode::io) abort_job(static_cast<int>(code));
  return static_cast<int>(code);
}

int run_program(int argc, char** argv) {
  Context context;
  try {
    context.comm = Communicator::world();
    context.log = Log(context.comm.is_root() ? Log::Voice::loud : Log::Voice::quiet);
    context.device = choose_device(context.comm);
    const Arguments arguments = parse(argc, argv);
    const bool is_text = print_text(arguments, context.comm.is_root());
    const ExitCode code = is_text ? ExitCode::done : run(arguments, context);
    require_printed();
    if (is_text) return 0;
    print_last_line(context.comm.is_root(), code);
    return static_cast<int>(code);
  } catch (const InputError& error) {
    return fail(context, error.what(), ExitCode::input);
  } catch (const SystemError& error) {
    return fail(context, error.what(), ExitCode::io);
  } catch (const std::system_error& error) {  // of the file system library
    return fail(context, error.what(), ExitCode::io);
  } catch (const std::exception& error) {
    return fail(context, error.what(), ExitCode::bug);
  }
}

}  // namespace
}  // namespace hindscale

int main(int argc, char** argv) {
  hindscale::report_size_limits_as_errors();
  const hindscale::Runtime runtime(argc, argv);
  return hindscale::run_program(argc, argv);
}
