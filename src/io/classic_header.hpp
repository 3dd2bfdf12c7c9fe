// SPDX-License-Identifier: Apache-2.0
// The size that the header of a classic NetCDF file (CDF-1, CDF-2, CDF-5) demands.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace hindscale {

/// Bytes up to the last value of the last variable, without padding. Nothing where the header
/// itself is cut short or broken.
std::optional<std::uint64_t> classic_size(const std::filesystem::path& path);

}  // namespace hindscale
