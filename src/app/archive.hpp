// SPDX-License-Identifier: Apache-2.0
// The folder of a reconstruction: its identity, its manifest, its finished files.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "coarse_digests.hpp"
#include "hindscale/comm/context.hpp"
#include "hindscale/io/field_file.hpp"
#include "reconstruction_plan.hpp"

namespace hindscale {

inline constexpr const char* manifest_name = "manifest.json";

/// Finished files by name.
using Records = std::map<std::string, FileRecord>;

/// Those of "manifest.json"; none where there is none. InputError where it is damaged.
Records read_manifest(const std::filesystem::path& folder);

std::set<std::string> names_of(const Records& files);

/// The members of a segment that `files` hold wholly, whether asked for or not, in order.
std::vector<int> members_of(const std::vector<std::string>& variables, const Segment& segment,
                            const Records& files);

/// Adds the records that all ranks made to `files`. Collective.
void share_records(const Communicator& comm, const std::vector<FileRecord>& mine, Records& files);

/// Beside the options: what computed the network, whose last bits differ.
inline constexpr const char* device_key = "device";

/// What the values of an archive follow from. Two runs may share a folder only where these agree.
struct ArchiveIdentity {
  std::string checkpoint_sha256;
  std::string store_sha256;
  std::map<std::string, std::string> options;  ///< value-determining options, "group/key" -> text
  CoarseDigests coarse;
};

/// InputError listing what differs where the folder holds data files of another identity. Of the
/// coarse digests, those of months that both know count.
void require_identity(const std::filesystem::path& folder,
                      const std::vector<std::string>& variables, const ArchiveIdentity& identity);

/// Writes "archive.json" where it changes. `extends`: the folder holds data files, whose months
/// stay known.
void write_identity(const std::filesystem::path& folder, const ArchiveIdentity& identity,
                    bool extends);

/// The files of an archive that exist under their final name and are whole: those of the manifest
/// by size and digest, others (committed by a run that was killed before its manifest) by reading
/// them. Damaged ones are named in the log and removed; leftover parts too. InputError where a file
/// that no manifest names was made with another checkpoint or store. Collective.
Records finished_files(const Context& context, const std::filesystem::path& folder,
                       const std::vector<std::string>& variables, const ArchiveIdentity& identity);

/// "manifest.json": file, bytes and digest of every file, sorted by name. Written only where it
/// changes.
void write_manifest(const std::filesystem::path& folder, const Records& files);

}  // namespace hindscale
