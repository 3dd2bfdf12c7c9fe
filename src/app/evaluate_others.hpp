// SPDX-License-Identifier: Apache-2.0
// Other reconstructions of the same months, scored beside the one that is evaluated.
#pragma once

#include <string>
#include <vector>

#include "evaluate_members.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// A reconstruction whose mean over members is a method of that name.
struct OtherArchive {
  std::string name;
  MemberArchive archive;
};

/// A name and the folder it stands for in evaluation/others.
struct NamedFolder {
  std::string name;
  std::string folder;
};

/// The pairs of evaluation/others, in their order. InputError for one that is no 'name=folder', or
/// whose name is taken.
std::vector<NamedFolder> named_others(const Options& options);

/// Opens them. InputError as MemberArchive, or where one lacks a month of `positions`. Each keeps a
/// reference to the content.
std::vector<OtherArchive> open_others(const Options& options, const StoreContent& content,
                                      const std::vector<std::size_t>& positions);

}  // namespace hindscale
