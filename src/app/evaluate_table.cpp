// SPDX-License-Identifier: Apache-2.0
#include "evaluate_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

namespace hindscale {
namespace {

using Json = nlohmann::ordered_json;

const Json& value_of(const Json& method, const char* score) {
  static const Json none;
  const auto found = method.find(score);
  return found == method.end() ? none : found->at("value");
}

std::string number(const Json& value) {
  return value.is_null() ? "-" : fmt::format("{:.4g}", value.get<double>());
}

std::string ratio(const Json& value, const Json& base) {
  if (value.is_null() || base.is_null() || base.get<double>() == 0) return "-";
  return fmt::format("{:.3f}", value.get<double>() / base.get<double>());
}

const std::map<std::string, std::string>& titles() {
  static const std::map<std::string, std::string> all{{"lerp", "Lerp"},
                                                      {"lerp_corrected", "Lerp, corrected"},
                                                      {"climatology", "climatology"},
                                                      {"ridge", "ridge"},
                                                      {"local_ridge", "local ridge"},
                                                      {"member", "one member"},
                                                      {"ensemble", "ensemble mean"}};
  return all;
}

std::string title_of(const std::string& name) {
  const auto found = titles().find(name);
  return found == titles().end() ? name : found->second;
}

constexpr const char* line_format =
    "  {:<16}{:>10}{:>8}{:>10}{:>11}{:>9}{:>9}{:>9}{:>10}{:>10}{:>14}{:>13}\n";

std::string heading() {
  return fmt::format(line_format, "", "RMSE", "/Lerp", "MAE", "bias", "ACC", "SSIM", "PSNR", "CRPS",
                     "/MAE Lerp", "spread/skill", "consistency");
}

std::string method_line(const std::string& name, const Json& method, const Json& lerp) {
  const Json& rmse = value_of(method, "rmse");
  const Json& crps = value_of(method, "crps");
  return fmt::format(line_format, title_of(name), number(rmse), ratio(rmse, value_of(lerp, "rmse")),
                     number(value_of(method, "mae")), number(value_of(method, "bias")),
                     number(value_of(method, "acc")), number(value_of(method, "ssim")),
                     number(value_of(method, "psnr")), number(crps),
                     ratio(crps, value_of(lerp, "mae")), number(value_of(method, "spread_skill")),
                     number(value_of(method, "consistency")));
}

/// "RMSE -0.5 (-0.6 to -0.4)", with a mark where the interval excludes zero.
std::string difference_text(const char* title, const Json& difference) {
  if (difference.at("value").is_null()) return "";
  std::string text = fmt::format("{} {}", title, number(difference.at("value")));
  if (difference.at("low").is_null()) return text;
  const bool significant = difference.at("significant").get<bool>();
  return text + fmt::format(" ({} to {}){}", number(difference.at("low")),
                            number(difference.at("high")), significant ? " *" : "");
}

std::string differences(const Json& ensemble) {
  std::string text;
  for (const auto& [name, against] : ensemble.at("against").items()) {
    text += fmt::format("  ensemble against {:<16}", title_of(name));
    for (const auto& [key, title] : {std::pair{"rmse", "RMSE"}, {"mae", "MAE"}, {"crps", "CRPS"}}) {
      text += fmt::format("{:<36}", difference_text(title, against.at(key)));
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  return text;
}

/// "1.002 (0.998 to 1.006)".
std::string with_interval(const Json& entry) {
  if (entry.at("value").is_null()) return "-";
  std::string text = fmt::format("{:.3f}", entry.at("value").get<double>());
  if (entry.at("low").is_null()) return text;
  return text + fmt::format(" ({:.3f} to {:.3f})", entry.at("low").get<double>(),
                            entry.at("high").get<double>());
}

/// One line where the borders of tiles were looked at.
std::string seams(const Json& member) {
  if (!member.contains("seam_index")) return "";
  return fmt::format("  seams, tiles here / tiles moved: steps {}, variance {}\n",
                     with_interval(member.at("seam_index")),
                     with_interval(member.at("seam_variance")));
}

std::string sizes(const Json& ensemble) {
  std::string members = "  members         ";
  std::string rmse = "  RMSE of the mean";
  std::string crps = "  CRPS            ";
  for (const auto& [size, scores] : ensemble.at("by_members").items()) {
    members += fmt::format("{:>10}", size);
    rmse += fmt::format("{:>10}", number(value_of(scores, "rmse")));
    crps += fmt::format("{:>10}", number(value_of(scores, "crps")));
  }
  return members + "\n" + rmse + "\n" + crps + "\n";
}

/// A word that a shell takes as it is.
std::string quoted(const std::string& word) {
  const bool is_plain = std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_./-").find(static_cast<char>(c)) != std::string_view::npos;
  });
  return is_plain ? word : "'" + word + "'";
}

}  // namespace

std::string table_of(const nlohmann::ordered_json& scores) {
  const int n_members = scores.at("members").get<int>(),
            n_independent = scores.value("independent_members", n_members);
  std::string text =
      fmt::format("scores of {} to {}, {} members", scores.at("period").at(0).get<std::string>(),
                  scores.at("period").at(1).get<std::string>(), n_members);
  if (n_independent < n_members)
    text += fmt::format(", of which {} are independent: CRPS, spread and ranks are theirs",
                        n_independent);
  text += "\n";
  for (const auto& [name, variable] : scores.at("variables").items()) {
    const Json& methods = variable.at("methods");
    text += fmt::format("\n{} ({})\n{}", name, variable.at("units").get<std::string>(), heading());
    for (const auto& [method, values] : methods.items())
      text += method_line(method, values, methods.at("lerp"));
    text += fmt::format("\n{}\n{}{}", differences(methods.at("ensemble")),
                        sizes(methods.at("ensemble")), seams(methods.at("member")));
  }
  for (const auto& [pair, values] : scores.at("correlations").items()) {
    text += fmt::format("\ncorrelation of the anomalies of {}:", pair);
    for (const auto& [method, entry] : values.items()) {
      const std::string title =
          method == "member" ? "members" : title_of(method);  // all of them here
      text += fmt::format("  {} {}", title, number(entry.at("value")));
    }
    text += "\n";
  }
  return text +
         "\n* the 95 % interval excludes 0; '-': undefined; consistency: RMS difference between "
         "means "
         "over coarse cells and the coarse field\n";
}

std::string plot_command(const Options& options) {
  const std::filesystem::path experiment = options.experiment.directory;
  std::string command = "python3 tools/plot.py " + quoted(experiment.string());
  const auto add = [&](const char* option, const std::filesystem::path& path,
                       const std::filesystem::path& default_path) {
    if (path != default_path) command += fmt::format(" --{} {}", option, quoted(path.string()));
  };
  add("store", options.store_path(), experiment / "samples.h5");
  add("reconstruction", options.evaluated_path(), experiment / "reconstruction");
  add("scores", options.evaluation_path() / "scores.json", experiment / "scores.json");
  return command;
}

}  // namespace hindscale
