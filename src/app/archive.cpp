// SPDX-License-Identifier: Apache-2.0
#include "archive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/core/hash.hpp"
#include "hindscale/io/field_file.hpp"
#include "hindscale/namelist/options.hpp"
#include "reconstruction_plan.hpp"

namespace hindscale {
namespace fs = std::filesystem;

namespace {

constexpr const char* identity_name = "archive.json";
constexpr const char* coarse_name = "coarse_sha256";

/// What `use` makes of a file that this program wrote. InputError where it is no JSON or of another
/// shape.
template <class Use>
auto from_own(const fs::path& path, const Use& use) {
  try {
    return use(nlohmann::json::parse(read_text(path)));
  } catch (const nlohmann::json::exception& error) {
    throw InputError({.problem = "damaged file",
                      .value = path.string(),
                      .why = error.what(),
                      .advice = "remove this file and run again: finished files are kept"});
  }
}

CoarseDigests digests_in(const nlohmann::json& identity) {
  return CoarseDigests(identity.value(coarse_name, nlohmann::json::object()));
}

nlohmann::json json_of(const ArchiveIdentity& identity) {
  return {{"checkpoint_sha256", identity.checkpoint_sha256},
          {"store_sha256", identity.store_sha256},
          {"options", identity.options},
          {coarse_name, identity.coarse.by_key()}};
}

std::string differences(const nlohmann::json& old, const ArchiveIdentity& identity) {
  std::string text;
  const auto add = [&](const std::string& key, const std::string& before, const std::string& now) {
    text += (text.empty() ? "" : ", ") + key + " was " + before + " and is now " + now;
  };
  const auto compare = [&](const char* name, const std::string& now) {
    if (old.value(name, "") != now) add(name, old.value(name, "").substr(0, 12), now.substr(0, 12));
  };
  compare("checkpoint_sha256", identity.checkpoint_sha256);
  compare("store_sha256", identity.store_sha256);
  // An option that an older program did not know had what is now its default; but tiles stood
  // still, and the network was computed in float32. It did not note the device: mostly CPUs.
  auto options = old.value("options", std::map<std::string, std::string>{});
  Options unknown;
  unknown.tiling.alternate = false;
  unknown.sampling.precision = "float32";
  options.merge(value_options(unknown));
  options.try_emplace(device_key, "CPU");
  for (const auto& [key, value] : identity.options)
    if (options[key] != value) add(key, options[key], value);
  const CoarseDigests coarse = digests_in(old);
  std::vector<std::string> changed;
  for (const auto& [month, driver, digest] : identity.coarse.entries()) {
    if (coarse.find(month, driver).value_or(digest) != digest)
      changed.push_back(coarse_key(month, driver));
  }
  if (!changed.empty()) {
    text += fmt::format("{}the coarse fields of {} months differ, the first is {}",
                        text.empty() ? "" : ", ", changed.size(), changed.front());
  }
  return text;
}

/// The identity that a file notes; titles and the like are not in its options.
nlohmann::json identity_in(const FieldReader& file, const ArchiveIdentity& own) {
  std::map<std::string, std::string> options;
  for (const auto& [key, value] : own.options)
    if (key.starts_with("experiment/")) options[key] = value;
  const std::string text = file.attribute("options"), between = "; ", equals = " = ";
  for (std::size_t first = 0; first < text.size();) {
    const std::size_t end = std::min(text.find(between, first), text.size()),
                      middle = text.find(equals, first);
    if (middle < end)
      options[text.substr(first, middle - first)] =
          text.substr(middle + equals.size(), end - middle - equals.size());
    first = end + between.size();
  }
  return {{"checkpoint_sha256", file.attribute("checkpoint_sha256")},
          {"store_sha256", file.attribute("sample_store_sha256")},
          {"options", options}};
}

/// Whether the file holds what its name says.
bool is_as_named(const FieldReader& file, const std::string& name) {
  const Segment held{file.months().front(), file.months().back()};
  for (const char* kind : {"mean", "std", "quantiles"})
    if (name == statistics_file(file.variable(), kind, held)) return true;
  const auto member = file.realization();
  return member && name == member_file(file.variable(), *member, held);
}

/// A file that no finished run has noted was made for this archive: by a run that was killed.
void require_own(const FieldReader& file, const fs::path& path, const ArchiveIdentity& identity) {
  const std::string name = path.filename().string();
  std::string why = differences(identity_in(file, identity), identity);
  if (why.empty() && !is_as_named(file, name))
    why = "its variable, member or months are not those of its name";
  if (why.empty()) return;
  throw InputError({.problem = "a file of another reconstruction lies in the folder",
                    .value = name,
                    .why = why,
                    .advice = "move it away",
                    .file = path.string()});
}

/// The record of a file that is whole; nothing where it is not. `identity`: of the archive.
std::optional<FileRecord> verify(const fs::path& path, const Records& manifest,
                                 const ArchiveIdentity& identity) {
  const std::string name = path.filename().string();
  const FileRecord now{name, fs::file_size(path), sha256_of_file(path)};
  if (const auto found = manifest.find(name); found != manifest.end()) {
    if (found->second.bytes != now.bytes || found->second.sha256 != now.sha256) return std::nullopt;
    return now;
  }
  std::optional<FieldReader> file;
  try {
    file.emplace(path);
  } catch (const InputError&) {
    return std::nullopt;
  }
  require_own(*file, path, identity);
  return now;
}

}  // namespace

Records read_manifest(const fs::path& folder) {
  if (!fs::exists(folder / manifest_name)) return {};
  return from_own(folder / manifest_name, [](const nlohmann::json& manifest) {
    Records files;
    for (const auto& entry : manifest.at("files")) {
      const FileRecord record{entry.at("file"), entry.at("bytes"), entry.at("sha256")};
      files[record.name] = record;
    }
    return files;
  });
}

std::set<std::string> names_of(const Records& files) {
  std::set<std::string> names;
  for (const auto& [name, record] : files) names.insert(name);
  return names;
}

std::vector<int> members_of(const std::vector<std::string>& variables, const Segment& segment,
                            const Records& files) {
  const std::string before = variables.front() + "_r",
                    some = member_file(variables.front(), 1, segment),
                    after = some.substr(some.rfind('_'));
  std::vector<int> members;
  for (auto file = files.lower_bound(before); file != files.end(); ++file) {
    const std::string& name = file->first;
    if (!name.starts_with(before)) break;
    if (!name.ends_with(after)) continue;
    int member = 0;
    std::from_chars(name.data() + before.size(), name.data() + name.size(), member);
    const bool is_whole =
        std::all_of(variables.begin(), variables.end(), [&](const std::string& variable) {
          return files.count(member_file(variable, member, segment)) != 0;
        });
    if (is_whole) members.push_back(member);
  }
  std::sort(members.begin(), members.end());
  return members;
}

void share_records(const Communicator& comm, const std::vector<FileRecord>& mine, Records& files) {
  nlohmann::json json = nlohmann::json::array();
  for (const FileRecord& record : mine) json.push_back({record.name, record.bytes, record.sha256});
  for (const std::string& text : gather_texts(comm, json.dump())) {
    for (const auto& entry : nlohmann::json::parse(text))
      files[entry[0]] = {entry[0], entry[1], entry[2]};
  }
}

void require_identity(const fs::path& folder, const std::vector<std::string>& variables,
                      const ArchiveIdentity& identity) {
  if (!fs::exists(folder / identity_name)) return;
  const bool is_empty =
      std::none_of(fs::directory_iterator(folder), fs::directory_iterator(),
                   [&](const fs::directory_entry& entry) {
                     return is_archive_file(variables, entry.path().filename().string());
                   });
  if (is_empty) return;  // an earlier run ended before it made anything
  const std::string text = from_own(folder / identity_name, [&](const nlohmann::json& old) {
    return differences(old, identity);
  });
  if (text.empty()) return;
  throw InputError(
      {.problem = "the folder holds a reconstruction made with other options",
       .value = folder.string(),
       .why = text,
       .advice = "set them back, or reconstruct into another folder (reconstruct/directory)"});
}

void write_identity(const fs::path& folder, const ArchiveIdentity& identity, bool extends) {
  const fs::path path = folder / identity_name;
  const bool exists = fs::exists(path);
  ArchiveIdentity whole = identity;
  if (extends && exists) whole.coarse.merge(from_own(path, digests_in));
  const std::string text = json_of(whole).dump(1) + "\n";
  if (exists && read_text(path) == text) return;
  commit_text(path, text);
}

Records finished_files(const Context& context, const fs::path& folder,
                       const std::vector<std::string>& variables, const ArchiveIdentity& identity) {
  const auto is_own = [&](const std::string& name) { return is_archive_file(variables, name); };
  together(context.comm, [&] {
    if (!context.comm.is_root()) return;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const fs::path& path = entry.path();
      if (path.extension() == ".part" && is_own(path.stem().string())) fs::remove(path);
    }
  });
  std::vector<fs::path> candidates;
  std::string mine;
  together(context.comm, [&] {
    const auto manifest = read_manifest(folder);
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (is_own(entry.path().filename().string())) candidates.push_back(entry.path());
    }
    std::sort(candidates.begin(), candidates.end());
    const Block block = block_of(static_cast<std::int64_t>(candidates.size()), context.comm.rank(),
                                 context.comm.size());
    nlohmann::json records = nlohmann::json::array();
    for (std::int64_t i = block.first; i < block.last; ++i) {
      const fs::path& path = candidates[static_cast<std::size_t>(i)];
      const auto record = verify(path, manifest, identity);
      records.push_back(
          {path.filename().string(), record ? record->bytes : 0, record ? record->sha256 : ""});
    }
    mine = records.dump();
  });
  Records finished;
  for (const std::string& text : gather_texts(context.comm, mine)) {
    for (const auto& entry : nlohmann::json::parse(text)) {
      const FileRecord record{entry[0], entry[1], entry[2]};
      if (!record.sha256.empty()) {
        finished[record.name] = record;
        continue;
      }
      context.log.warn(
          "{} is damaged or not complete and is removed; it is made again when its months and "
          "members are asked for",
          (folder / record.name).string());
      if (context.comm.is_root()) fs::remove(folder / record.name);
    }
  }
  barrier(context.comm);
  return finished;
}

void write_manifest(const fs::path& folder, const Records& files) {
  nlohmann::ordered_json entries = nlohmann::ordered_json::array();
  for (const auto& [name, record] : files) {
    entries.push_back({{"file", name}, {"bytes", record.bytes}, {"sha256", record.sha256}});
  }
  const std::string text = nlohmann::ordered_json{{"files", entries}}.dump(1) + "\n";
  if (fs::exists(folder / manifest_name) && read_text(folder / manifest_name) == text) return;
  commit_text(folder / manifest_name, text);
}

}  // namespace hindscale
