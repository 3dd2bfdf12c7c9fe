// SPDX-License-Identifier: Apache-2.0
// A small experiment whose scores are known: every forecast is the truth plus a constant error.
#pragma once

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hindscale/app/stages.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/grid/remap.hpp"
#include "hindscale/io/field_file.hpp"
#include "hindscale/namelist/options.hpp"
#include "support/temporary.hpp"

namespace hindscale::test {

/// Errors of the methods, in the variable's unit.
inline constexpr float lerp_error = -0.5F;
inline constexpr float corrected_error = -0.125F;
inline constexpr float ridge_error = 0.25F;
inline constexpr float ridge_spread = 0.5F;
inline const std::vector<float> member_errors{0.875F, -0.125F, -0.625F, 0.375F};
/// The cell of the first variable that has no data.
inline constexpr std::size_t missing_cell = 3 * 24 + 5;

using Field = Array<float, 2>;

class SyntheticExperiment {
 public:
  /// Collective.
  SyntheticExperiment(const Communicator& comm, std::filesystem::path folder)
      : folder_(std::move(folder)) {
    content.variables = {"uas", "vas"};
    content.units = {"m s-1", "m s-1"};
    content.transforms = {"identity", "identity"};
    content.train = {1999, 1999};
    content.validation = {2000, 2000};
    content.test = {2001, 2001};
    for (const int year : {1999, 2001}) {
      for (int month = 1; month <= 12; ++month) content.months.emplace_back(year, month);
    }
    content.fine = regular_grid({0, -90, 15, 15, 24, 12});
    content.coarse = regular_grid({0, -90, 45, 45, 8, 4});
    content.has_missing = true;
    content.ridge = RegressionFit{.window = 1, .penalty = 1};
    write_store(comm);
    options.experiment.directory = folder_.string();
    options.evaluation.bootstrap_samples = 50;
    options.evaluation.bootstrap_block = 2;
    if (comm.is_root())
      write_reconstruction({{Month(2001, 1), Month(2001, 7)}, {Month(2001, 8), Month(2001, 12)}});
    barrier(comm);
  }

  /// Lerp of the coarse field.
  [[nodiscard]] Field lerp(std::size_t variable, Month month) const {
    const Field coarse = coarse_field(variable, month);
    Field fine({12, 24});
    BilinearRemap(content.coarse, content.fine).apply(coarse, fine);
    return fine;
  }
  [[nodiscard]] Field truth(std::size_t variable, Month month) const {
    Field field = shifted(lerp(variable, month), -lerp_error);
    if (variable == 0) field.data()[missing_cell] = std::numeric_limits<float>::quiet_NaN();
    return field;
  }
  [[nodiscard]] static Field shifted(Field field, float by) {
    for (float& value : field.flat()) value += by;
    return field;
  }

  /// Waves are twice as high in the training year.
  [[nodiscard]] static Field coarse_field(std::size_t variable, Month month) {
    Field field({4, 8});
    const double height = month.year() == 1999 ? 16 : 8;
    for (std::size_t y = 0; y < 4; ++y) {
      for (std::size_t x = 0; x < 8; ++x) {
        const double phase = 0.7 * static_cast<double>(x + 2 * variable) + 0.4 * month.of_year();
        field(y, x) = static_cast<float>(height * std::sin(phase) + static_cast<double>(y * y) +
                                         month.of_year());
      }
    }
    return field;
  }

  using Months = std::pair<Month, Month>;
  /// Files of all members and their manifest; without members, only a file of their mean. As
  /// ensemble/antithetic says. One rank.
  void write_reconstruction(const std::vector<Months>& blocks, bool with_members = true) const {
    const std::filesystem::path folder = options.reconstruction_path();
    std::filesystem::remove_all(folder);
    make_directory(folder);
    nlohmann::json files = nlohmann::json::array();
    for (const Months& block : blocks) {
      for (std::size_t v = 0; v < 2; ++v) {
        for (std::size_t m = 0; m < (with_members ? member_errors.size() : 1); ++m) {
          const FileRecord record = write_member(v, m, block, with_members);
          files.push_back(
              {{"file", record.name}, {"bytes", record.bytes}, {"sha256", record.sha256}});
        }
      }
    }
    std::ofstream(folder / "manifest.json") << nlohmann::json{{"files", files}};
  }

  StoreContent content;
  Options options;

 private:
  FileRecord write_member(std::size_t variable, std::size_t member, const Months& block,
                          bool is_member) const {
    const auto compact = [](Month month) {
      return month.to_string().substr(0, 4) + month.to_string().substr(5);
    };
    const std::string label = is_member ? "r00" + std::to_string(member + 1) : "mean";
    FieldFileSpec spec;
    spec.path = options.reconstruction_path() /
                (content.variables[variable] + "_" + label + "_" + compact(block.first) + "-" +
                 compact(block.second) + ".nc");
    spec.name = content.variables[variable];
    spec.units = "m s-1";
    spec.grid = &content.fine;
    for (Month month = block.first; month <= block.second; month = month + 1)
      spec.months.push_back(month);
    const int number = static_cast<int>(member) + 1, noise = options.noise_of(number);
    if (is_member && noise != number)
      spec.global_attributes.emplace_back("antithetic_to_member", std::to_string(noise));
    FieldFile file(Communicator::self(), spec);
    for (std::size_t i = 0; i < spec.months.size(); ++i) {
      file.write(i, shifted(truth(variable, spec.months[i]), member_errors[member]).flat());
    }
    return file.commit();
  }

  using Shape = std::vector<std::size_t>;

  /// The root writes, all ranks call.
  static void put(const Communicator& comm, StoreWriter& writer, const std::string& name,
                  const Shape& shape, const std::vector<float>& values) {
    writer.create(name, shape, StoreWriter::Layout::contiguous);
    const std::size_t n = comm.is_root() ? shape[0] : 0;
    writer.write(name, 0, n, std::span(values).first(comm.is_root() ? values.size() : 0));
  }

  static void append(std::vector<float>& all, const Field& field) {
    all.insert(all.end(), field.flat().begin(), field.flat().end());
  }

  void write_store(const Communicator& comm) const {
    std::vector<float> fine, coarse, ridge, climatology, bias, spread, valid;
    for (const Month month : content.months) {
      for (std::size_t v = 0; v < 2; ++v) {
        append(fine, truth(v, month));
        append(coarse, coarse_field(v, month));
        append(ridge, shifted(truth(v, month), ridge_error));
      }
    }
    for (int i = 0; i < 12; ++i) {
      for (std::size_t v = 0; v < 2; ++v) {
        append(climatology, lerp(1 - v, Month(1999, 1)));
        append(bias, Field({12, 24}, lerp_error - corrected_error));
      }
    }
    for (std::size_t v = 0; v < 2; ++v) {
      append(spread, Field({12, 24}, ridge_spread));
      append(valid, Field({12, 24}, 1));
    }
    valid[missing_cell] = 0;
    StoreWriter writer(comm, folder_ / "samples.h5");
    const std::size_t nt = content.months.size();
    put(comm, writer, store::fine, {nt, 2, 12, 24}, fine);
    put(comm, writer, store::coarse, {nt, 2, 4, 8}, coarse);
    put(comm, writer, store::ridge.field, {nt, 2, 12, 24}, ridge);
    put(comm, writer, store::fine_climatology, {12, 2, 12, 24}, climatology);
    put(comm, writer, store::lerp_bias, {12, 2, 12, 24}, bias);
    put(comm, writer, store::ridge.spread, {2, 12, 24}, spread);
    put(comm, writer, store::valid, {2, 12, 24}, valid);
    write_content(writer, content);
    writer.commit();
  }

  std::filesystem::path folder_;
};

/// The stage in a folder of its own. Every member function is collective.
struct EvaluateStage {
  nlohmann::json run() const {
    if (run_evaluate(context, experiment.options) != ExitCode::done) return nullptr;
    barrier(context.comm);
    return nlohmann::json::parse(read_text(experiment.options.evaluation_path() / "scores.json"));
  }
  /// The message of the InputError that the stage ends in.
  [[nodiscard]] std::string refusal() const {
    try {
      run_evaluate(context, experiment.options);
    } catch (const InputError& error) {
      barrier(context.comm);
      return error.what();
    }
    return "no error";
  }
  void reconstruct(const std::vector<SyntheticExperiment::Months>& blocks,
                   bool with_members = true) const {
    if (context.comm.is_root()) experiment.write_reconstruction(blocks, with_members);
    barrier(context.comm);
  }

  Context context{Communicator::world(), Log(Log::Voice::quiet), {}, 7};
  TemporaryFolder folder{context.comm};
  SyntheticExperiment experiment{context.comm, folder.path()};
};

}  // namespace hindscale::test
