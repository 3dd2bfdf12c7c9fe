// SPDX-License-Identifier: Apache-2.0
// The commit protocol: a file under its final name is complete and verified.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace hindscale {

/// The name a file carries while it is written: "<final>.part".
std::filesystem::path part_path(const std::filesystem::path& final_path);

/// fsync -> verify(part) -> rename -> fsync of the folder. `verify` throws where the content is not
/// as written. SystemError with path and reason on any failure; the part is then left behind, the
/// final name untouched.
void commit_file(const std::filesystem::path& final_path,
                 const std::function<void(const std::filesystem::path&)>& verify);

/// Writes a small text file whole, through the protocol; the verification reads it back.
void commit_text(const std::filesystem::path& final_path, std::string_view text);

/// Appends to a log in one write, so that lines of several programs do not mix. SystemError.
void append_text(const std::filesystem::path& path, std::string_view text);

/// The whole text of a file. InputError where it cannot be read.
std::string read_text(const std::filesystem::path& path);

/// fsync of a file or folder; SystemError on failure.
void sync_to_disk(const std::filesystem::path& path);

/// Lets the system begin to write what a file holds so far to disk, and does not wait until it has,
/// so that the fsync at the end has less left to do (Linux). A hint: failures are passed over.
void begin_sync_to_disk(const std::filesystem::path& path);

/// Creates a folder and its parents; InputError with the reason where that is impossible.
void make_directory(const std::filesystem::path& path);

/// Refuses (InputError) a folder that cannot be written or whose disk has fewer than `bytes_needed`
/// free bytes.
void check_disk(const std::filesystem::path& directory, std::uintmax_t bytes_needed);

/// SOURCE_DATE_EPOCH where it is set, else now; as "2026-01-31T12:00:00Z".
std::string timestamp_utc();

}  // namespace hindscale
