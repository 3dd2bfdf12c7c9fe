// SPDX-License-Identifier: Apache-2.0
#include "tensor_rows.hpp"

namespace hindscale {
namespace {

/// Rows of a field [n, v, row, x] that holds the rows `held`.
torch::Tensor part(const torch::Tensor& field, Rows held, Rows rows) {
  const std::size_t first = rows.size() > 0 ? rows.first - held.first : 0;
  return field.narrow(2, static_cast<std::int64_t>(first), static_cast<std::int64_t>(rows.size()));
}

torch::Tensor empty_rows(const torch::Tensor& like, Rows rows) {
  return torch::empty(
      {like.size(0), like.size(1), static_cast<std::int64_t>(rows.size()), like.size(3)},
      like.options());
}

}  // namespace

void TensorRows::transfer(const torch::Tensor& field, Rows held, const std::vector<Rows>& sent,
                          const std::vector<Rows>& received, std::vector<torch::Tensor>& in) const {
  std::vector<torch::Tensor> out;
  for (const Rows& rows : sent) out.push_back(part(field, held, rows).contiguous());
  for (const Rows& rows : received) in.push_back(empty_rows(field, rows));
  exchange_.run(out, in);
}

torch::Tensor TensorRows::fill(const torch::Tensor& own) const {
  const std::vector<Rows> received = share_.wanted_from_others();
  std::vector<torch::Tensor> in;
  transfer(own, share_.own(), share_.wanted_by_others(), received, in);
  torch::Tensor touched = empty_rows(own, share_.touched());
  for (std::size_t rank = 0; rank < in.size(); ++rank)
    part(touched, share_.touched(), received[rank]).copy_(in[rank]);
  return touched;
}

torch::Tensor TensorRows::total(const torch::Tensor& touched) const {
  const std::vector<Rows> received = share_.wanted_by_others();
  std::vector<torch::Tensor> in;
  transfer(touched, share_.touched(), share_.wanted_from_others(), received, in);
  torch::Tensor own = empty_rows(touched, share_.own()).zero_();
  for (std::size_t rank = 0; rank < in.size(); ++rank)
    part(own, share_.own(), received[rank]).add_(in[rank]);
  return own;
}

}  // namespace hindscale
