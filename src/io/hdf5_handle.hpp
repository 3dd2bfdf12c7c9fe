// SPDX-License-Identifier: Apache-2.0
// HDF5 identifiers as values, and its error stack as text.
#pragma once

#include <hdf5.h>

#include <string>
#include <utility>

namespace hindscale {

/// Attributes hold at most 64 kB: a longer text is several, "name", "name#1", "name#2", ...
inline constexpr std::size_t text_piece = 32768;
inline std::string text_piece_name(const std::string& name, std::size_t piece) {
  return piece == 0 ? name : name + "#" + std::to_string(piece);
}

/// Owns one identifier and the function that closes it.
class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Hdf5Handle() = default;
  Hdf5Handle(hid_t identifier, Close close) : identifier_(identifier), close_(close) {}
  ~Hdf5Handle() { static_cast<void>(reset()); }
  Hdf5Handle(Hdf5Handle&& other) noexcept
      : identifier_(std::exchange(other.identifier_, H5I_INVALID_HID)), close_(other.close_) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(identifier_, other.identifier_);
    std::swap(close_, other.close_);
    return *this;
  }
  Hdf5Handle(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(const Hdf5Handle&) = delete;

  [[nodiscard]] hid_t get() const { return identifier_; }
  [[nodiscard]] bool valid() const { return identifier_ >= 0; }
  /// Closes now; negative where that failed.
  [[nodiscard]] herr_t reset() {
    const hid_t identifier = std::exchange(identifier_, H5I_INVALID_HID);
    return identifier >= 0 ? close_(identifier) : 0;
  }
  /// Gives the identifier up without closing it.
  void abandon() { identifier_ = H5I_INVALID_HID; }

 private:
  hid_t identifier_ = H5I_INVALID_HID;
  Close close_ = nullptr;
};

/// Stops HDF5 from printing its error stack by itself. Call before the first HDF5 call.
void silence_hdf5();

/// The innermost messages of the error stack on one line; call right after the failed call.
std::string hdf5_reason();

}  // namespace hindscale
