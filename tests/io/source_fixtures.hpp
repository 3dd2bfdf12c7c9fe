// SPDX-License-Identifier: Apache-2.0
// Files of tests/reference/source/make_sources.py, made once for the program.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/io/source.hpp"

namespace hindscale::test {

/// The folder of the files; gone when the program ends.
const std::filesystem::path& source_folder();

/// "<folder>/<name>.nc".
std::string source_path(const std::string& name);

/// Real data that the set-up installs.
std::string real_path(const std::string& name);

/// Request for `uas` in m s-1 of the files of these names.
SourceRequest wind_request(const std::vector<std::string>& names);

Array<float, 2> read_field(const Source& source, std::size_t i_month);

/// Fails the test unless the field is 100 * k + latitude + longitude / 10 (longitudes in 0..360) at
/// the grid's centres.
void expect_formula(const Source& source, std::size_t i_month, double k);

/// The message with which a request is refused as InputError; "accepted" where it is not.
std::string refusal_of(const SourceRequest& request);

}  // namespace hindscale::test
