// SPDX-License-Identifier: Apache-2.0
#include "consistency_report.hpp"

#include <fmt/format.h>

namespace hindscale {

ConsistencyReport::ConsistencyReport(const StoreContent& content)
    : content_(content),
      comparison_(content.fine, content.coarse),
      misfits_(content.n_variables()) {}

void ConsistencyReport::add(View<const float, 3> coarse, View<const float, 3> field) {
  for (std::size_t v = 0; v < misfits_.size(); ++v)
    misfits_[v].add(comparison_.misfit(field[v], coarse[v]));
  ++n_fields_;
}

void ConsistencyReport::log(const Context& context) const {
  const std::int64_t n_fields = all_sum(context.comm, n_fields_);
  for (std::size_t v = 0; v < misfits_.size(); ++v) {
    const CoarseMisfit total{all_sum(context.comm, misfits_[v].weight),
                             all_sum(context.comm, misfits_[v].sum_squared),
                             all_max(context.comm, misfits_[v].largest)};
    if (total.weight == 0) {
      context.log.info("{}: no coarse cell lies wholly within the fine cells that have data",
                       content_.variables[v]);
    } else {
      context.log.info(
          "{}: means of {} fields over coarse cells differ from the coarse field by {:.2g} {} "
          "(RMS), "
          "{:.2g} at most",
          content_.variables[v], n_fields, total.rms(), content_.units[v], total.largest);
    }
  }
}

}  // namespace hindscale
