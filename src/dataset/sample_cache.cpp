// SPDX-License-Identifier: Apache-2.0
#include "hindscale/dataset/sample_cache.hpp"

#include "hindscale/core/units.hpp"

namespace hindscale {
namespace {
double bytes_of(const Sample& sample) {
  return static_cast<double>((sample.condition.size() + sample.target.size() +
                              sample.weight.size() + sample.context.coarse().size()) *
                             sizeof(float));
}
}  // namespace

SampleCache::SampleCache(const StoreReader& reader, const Conditioning& conditioning,
                         double limit_mib, Finish finish)
    : reader_(reader),
      conditioning_(conditioning),
      limit_bytes_(limit_mib * mib),
      finish_(std::move(finish)) {}

std::shared_ptr<const Sample> SampleCache::get(std::size_t i_month) {
  const std::scoped_lock alone(lock_);
  if (const auto found = where_.find(i_month); found != where_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return found->second->sample;
  }
  auto sample = std::make_shared<Sample>(conditioning_.sample(reader_, i_month));
  if (finish_) finish_(i_month, *sample);
  recent_.push_front({i_month, sample});
  where_[i_month] = recent_.begin();
  held_bytes_ += bytes_of(*sample);
  while (held_bytes_ > limit_bytes_ && recent_.size() > 1) {
    held_bytes_ -= bytes_of(*recent_.back().sample);
    where_.erase(recent_.back().i_month);
    recent_.pop_back();
  }
  return sample;
}

}  // namespace hindscale
