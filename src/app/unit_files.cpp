// SPDX-License-Identifier: Apache-2.0
#include "unit_files.hpp"

#include <utility>

namespace hindscale {

UnitFiles::UnitFiles(const OutputStyle& style, Unit unit) : style_(style), unit_(std::move(unit)) {}

void UnitFiles::open() {
  const Communicator self = Communicator::self();
  files_.resize(unit_.members.size());
  for (std::size_t m = 0; m < files_.size(); ++m) {
    for (std::size_t v = 0; v < style_.content.n_variables(); ++v)
      files_[m].emplace_back(self, member_spec(style_, v, unit_.members[m], unit_.segment));
  }
}

void UnitFiles::write(std::size_t i_month, std::size_t i_member, View<const float, 3> field) {
  if (files_.empty()) open();
  for (std::size_t v = 0; v < field.extent(0); ++v)
    files_[i_member][v].write(i_month, field[v].flat());
}

void UnitFiles::commit() {
  for (auto& member : files_) {
    for (FieldFile& file : member) records_.push_back(file.commit());
  }
  files_.clear();
  done_ = true;
}

}  // namespace hindscale
