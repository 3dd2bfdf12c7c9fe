// SPDX-License-Identifier: Apache-2.0
#include "evaluate_members.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>
#include <regex>
#include <set>
#include <utility>

#include "antithetic.hpp"
#include "archive.hpp"
#include "hindscale/core/commit.hpp"

namespace hindscale {
namespace fs = std::filesystem;

namespace {

/// What the name of a member file says.
struct MemberName {
  std::string variable;
  int member = 0;
  Month first;
  Month last;
};

std::optional<MemberName> parse_name(const std::string& file) {
  static const std::regex pattern(R"((.+)_r(\d{3,9})_(\d{4})(\d{2})-(\d{4})(\d{2})\.nc)");
  std::smatch part;
  if (!std::regex_match(file, part, pattern)) return std::nullopt;
  const auto number = [&](std::size_t i) { return std::stoi(part[i]); };
  return MemberName{part[1], number(2), Month(number(3), number(4)), Month(number(5), number(6))};
}

}  // namespace

void require_manifest(const fs::path& folder) {
  if (fs::exists(folder / manifest_name)) return;
  throw InputError({.problem = "no reconstruction to evaluate",
                    .value = folder.string(),
                    .why = "it holds no manifest.json",
                    .advice = "run the stage reconstruct first, or name its folder",
                    .key = "evaluation/reconstruction"});
}

MemberArchive::MemberArchive(fs::path folder, const StoreContent& content)
    : folder_(std::move(folder)), content_(content), files_(content.n_variables()) {
  list_files();
  agree_on_members();
  agree_on_months();
}

void MemberArchive::list_files() {
  std::size_t n_member_files = 0;
  std::set<std::string> others;
  require_manifest(folder_);
  for (const auto& [file_name, file] : read_manifest(folder_)) {
    const auto name = parse_name(file.name);
    if (!name) continue;
    const auto& known = content_.variables;
    const auto found = std::find(known.begin(), known.end(), name->variable);
    if (found == known.end()) {
      others.insert(name->variable);
      continue;
    }
    ++n_member_files;
    for (Month month = name->first; month <= name->last; month = month + 1) {
      add(static_cast<std::size_t>(found - known.begin()), name->member, month, file);
    }
  }
  if (n_member_files > 0) return;
  if (!others.empty())
    throw InputError({.problem = "the reconstruction is of other variables than the store",
                      .value = folder_.string(),
                      .why = fmt::format("{}, not {}", fmt::join(others, ", "),
                                         fmt::join(content_.variables, ", ")),
                      .advice = "name the store and the reconstruction of one experiment"});
  throw InputError({.problem = "the reconstruction holds no members",
                    .value = folder_.string(),
                    .why = "scores need the members themselves, not their statistics",
                    .advice = "reconstruct with output/members = .true."});
}

void MemberArchive::add(std::size_t variable, int member, Month month, const FileRecord& file) {
  const auto& held = content_.months;
  if (!content_.test.contains(month) || !std::binary_search(held.begin(), held.end(), month))
    return;
  const auto [place, is_new] = files_[variable][member].emplace(month, file);
  if (is_new) return;
  throw InputError({.problem = "two files hold the same month of a member",
                    .value = file.name,
                    .why = place->second.name + " holds " + month.to_string() + " too",
                    .advice = "reconstruct into an empty folder",
                    .file = (folder_ / manifest_name).string()});
}

void MemberArchive::agree_on_members() {
  std::set<int> numbers;
  for (const FilesOfVariable& by_member : files_) {
    for (const auto& [member, months] : by_member) numbers.insert(member);
  }
  members_.assign(numbers.begin(), numbers.end());
  independent_.resize(members_.size());
  std::iota(independent_.begin(), independent_.end(), std::size_t{0});
  if (!members_.empty()) return;
  throw InputError(
      {.problem = "the reconstruction holds no month of the test period",
       .value = folder_.string(),
       .why = fmt::format("that is {} to {}", content_.test.first_year, content_.test.last_year),
       .advice = "reconstruct these years (reconstruct/first_month, last_month)"});
}

void MemberArchive::agree_on_months() {
  std::set<Month> months;
  for (const FilesOfVariable& by_member : files_) {
    for (const auto& [member, by_month] : by_member) {
      for (const auto& [month, file] : by_month) months.insert(month);
    }
  }
  for (std::size_t v = 0; v < files_.size(); ++v) {
    for (const int member : members_) {
      const auto& held = files_[v][member];
      const auto absent =
          std::find_if(months.begin(), months.end(), [&](Month m) { return !held.contains(m); });
      if (absent == months.end()) continue;
      throw InputError({.problem = "a member lacks months that others have",
                        .value = fmt::format("{}, member {}", content_.variables[v], member),
                        .why = fmt::format("{} is missing, {} months in all", absent->to_string(),
                                           months.size() - held.size()),
                        .advice = "run the stage reconstruct again to complete it",
                        .file = (folder_ / manifest_name).string()});
    }
  }
  for (const Month month : months) positions_.push_back(content_.position_of(month));
}

const FieldReader& MemberArchive::reader_of(const FileRecord& file, std::size_t variable) const {
  if (const auto found = open_.find(file.name); found != open_.end()) return found->second;
  constexpr std::size_t most_open = 128;  // systems often allow a process 1024 open files
  if (open_.size() >= most_open) open_.clear();
  const fs::path path = folder_ / file.name;
  std::error_code error;
  if (fs::file_size(path, error) != file.bytes || error) {
    throw InputError({.problem = "a file is not as the manifest says",
                      .value = path.string(),
                      .why = error ? error.message() : "its size differs",
                      .advice = "run the stage reconstruct again to mend it"});
  }
  const FieldReader& reader = open_.emplace(file.name, FieldReader(path)).first->second;
  if (reader.variable() == content_.variables[variable] && same_grid(reader.grid(), content_.fine))
    return reader;
  throw InputError({.problem = "the reconstruction does not fit the sample store",
                    .value = path.string(),
                    .why = fmt::format("it holds {} on {}; the store has {} on {}",
                                       reader.variable(), describe(reader.grid()),
                                       content_.variables[variable], describe(content_.fine)),
                    .advice = "evaluate it with the namelist it was made with"});
}

std::map<std::string, std::string> MemberArchive::digests() const {
  std::map<std::string, std::string> digests;
  for (const FilesOfVariable& by_member : files_)
    for (const auto& [member, by_month] : by_member)
      for (const auto& [month, file] : by_month)
        digests.emplace((folder_ / file.name).string(), file.sha256);
  return digests;
}

void MemberArchive::find_independent() {
  std::vector<int> noise;
  for (const int member : members_) {
    const FileRecord& file = files_[0].at(member).begin()->second;
    const std::string partner = reader_of(file, 0).attribute(partner_attribute);
    int number = member;
    const char* const end = partner.data() + partner.size();
    if (!partner.empty() && std::from_chars(partner.data(), end, number).ptr != end)
      throw InputError({.problem = "an attribute is no number",
                        .value = fmt::format("{} = '{}'", partner_attribute, partner),
                        .advice = "reconstruct that file again",
                        .file = (folder_ / file.name).string()});
    noise.push_back(number);
  }
  independent_ = independent_places(noise);
}

std::size_t MemberArchive::n_independent(std::size_t n) const {
  const auto end = std::ranges::lower_bound(independent(), n);
  return static_cast<std::size_t>(end - independent().begin());
}

void MemberArchive::read(const MemberField& field, std::size_t first_row,
                         View<float, 2> rows) const {
  const FileRecord& file = files_[field.variable].at(members_[field.i_member]).at(field.month);
  const FieldReader& reader = reader_of(file, field.variable);
  const auto& months = reader.months();
  const auto found = std::find(months.begin(), months.end(), field.month);
  if (found == months.end()) {
    throw InputError({.problem = "a file lacks a month that its name promises",
                      .value = (folder_ / file.name).string(),
                      .why = field.month.to_string() + " is not in it"});
  }
  reader.read(static_cast<std::size_t>(found - months.begin()), first_row, rows);
}

}  // namespace hindscale
