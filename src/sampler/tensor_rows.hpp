// SPDX-License-Identifier: Apache-2.0
// The transfers of a RowShare for tensors on any device.
#pragma once

#include <vector>

#include "hindscale/tiling/row_share.hpp"
#include "tensor_exchange.hpp"

namespace hindscale {

/// Keeps references to its arguments. Transfers are collective over the group.
class TensorRows {
 public:
  TensorRows(const RowShare& share, TensorExchange& exchange)
      : share_(share), exchange_(exchange) {}

  /// Values of the own rows [n, v, row, x] of all ranks -> those of the touched rows.
  [[nodiscard]] torch::Tensor fill(const torch::Tensor& own) const;
  /// Sums of the touched rows [n, v, row, x], int64, of all ranks -> their total in the own rows.
  [[nodiscard]] torch::Tensor total(const torch::Tensor& touched) const;

 private:
  /// Sends the rows `sent` of a field that holds `held`; receives rows into `in`.
  void transfer(const torch::Tensor& field, Rows held, const std::vector<Rows>& sent,
                const std::vector<Rows>& received, std::vector<torch::Tensor>& in) const;

  const RowShare& share_;
  TensorExchange& exchange_;
};

}  // namespace hindscale
