// SPDX-License-Identifier: Apache-2.0
#include "cost_model.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <queue>

#include "hindscale/random/random.hpp"

namespace hindscale {
namespace {

/// Serves requests one after the other, in the order in which they are made.
class Server {
 public:
  /// When a request made at `now` has been served.
  double serve(double now, double seconds) {
    free_at_ = std::max(now, free_at_) + seconds;
    return free_at_;
  }

 private:
  double free_at_ = 0;
};

/// One field in a group, seconds.
struct FieldTime {
  FieldTime(const ArchiveWorkload& work, const Rates& rates, const Layout& layout) {
    const auto n = static_cast<double>(layout.ranks_per_field);
    const double alone = work.evaluations_a_field / rates.evaluations_a_s * (1 + rates.overhead);
    network = alone / n;
    // The rank with most tiles is waited for at every call.
    const double most_tiles = std::ceil(work.tiles / n);
    sharing = alone * (most_tiles / work.tiles - 1 / n);
    in_flight = std::ceil(work.batch / most_tiles);
    if (n > 1) sharing += work.calls_a_field * rates.exchange_s;
  }
  double network = 0, sharing = 0;
  double in_flight = 0;  ///< fields made together; 0: a whole unit
};

/// One archive, from a common start at time 0. Every group has one event to come.
class ArchiveRun {
 public:
  ArchiveRun(const ArchiveWorkload& work, const Rates& rates, const Layout& layout)
      : work_(work),
        rates_(rates),
        layout_(layout),
        field_(work, rates, layout),
        n_fields_(std::accumulate(work.unit_fields.begin(), work.unit_fields.end(), 0.0)),
        unit_length_(work.unit_fields.size(), 0.0F) {
    fill_normal({.seed = 1}, 0, unit_length_);
    for (std::size_t i = 0; i < layout.ranks / layout.ranks_per_field; ++i) groups_.push({0, i});
  }

  /// Adds to `cost`, whose parts but the wall time are sums over groups.
  void run(Cost& cost) {
    double sum = 0;
    const auto n_groups = static_cast<double>(groups_.size());
    while (!groups_.empty()) {
      Group group = groups_.top();
      groups_.pop();
      if (advance(group, cost)) {
        if (group.is_root()) root_calls_at_ = group.now;
        groups_.push(group);
        continue;
      }
      if (group.is_root()) root_calls_at_ = 0;  // waits in MPI from now on
      sum += group.now;
      end_ = std::max(end_, group.now);
    }
    cost.seconds += end_;
    cost.idle_s += end_ * n_groups - sum;
  }

 private:
  enum class Step { take, look, write, count };
  struct Group {
    double now = 0;
    std::size_t index = 0;
    Step step = Step::take;
    std::size_t i_unit = 0;
    double fields_left = 0;
    [[nodiscard]] bool is_root() const { return index == 0; }
    bool operator>(const Group& other) const {
      return now > other.now || (now == other.now && index > other.index);
    }
  };

  /// One step, after which it is later; false where no unit is left.
  bool advance(Group& group, Cost& cost) {
    switch (group.step) {
      case Step::take:
        return take(group, cost);
      case Step::look:
        look(group, cost);
        break;
      case Step::write:
        write(group, cost);
        break;
      case Step::count:
        ask(group, 1, cost);
        group.step = Step::take;
    }
    return true;
  }

  void ask(Group& group, int n_operations, Cost& cost) {
    const double before = group.now;
    double start = before;
    if (rates_.queue_memory == QueueMemory::by_root && !group.is_root())
      start = std::max(start, root_calls_at_);
    group.now = std::max(queue_.serve(start, n_operations * rates_.queue_service_s),
                         start + n_operations * rates_.queue_wait_s);
    cost.queue_s += group.now - before;
  }

  bool take(Group& group, Cost& cost) {
    ask(group, 2, cost);  // whether to stop, then the unit
    if (next_unit_ == work_.unit_fields.size()) return false;
    group.i_unit = next_unit_++;
    group.fields_left = work_.unit_fields[group.i_unit];
    group.step = Step::look;
    return true;
  }

  void look(Group& group, Cost& cost) {
    ask(group, 1, cost);
    double n = group.fields_left;
    if (field_.in_flight > 0) n = std::min(n, field_.in_flight);
    const double length =
        std::max(0.0, 1 + rates_.scatter * static_cast<double>(unit_length_[group.i_unit]));
    cost.network_s += n * length * field_.network;
    cost.sharing_s += n * length * field_.sharing;
    group.now += n * length * (field_.network + field_.sharing);
    group.fields_left -= n;
    if (group.fields_left <= 0) group.step = Step::write;
  }

  void write(Group& group, Cost& cost) {
    const double fields = work_.unit_fields[group.i_unit];
    const double files = work_.files * fields / n_fields_, bytes = work_.bytes_a_field * fields;
    const double own = files * rates_.file_s + bytes / rates_.write_bytes_a_s;
    double done = group.now + own;
    if (rates_.files_a_s > 0)
      done = std::max(done, file_making_.serve(group.now, files / rates_.files_a_s));
    if (rates_.disk_bytes_a_s > 0)
      done = std::max(done, disk_.serve(group.now, bytes / rates_.disk_bytes_a_s));
    cost.writing_s += own;
    cost.file_system_s += done - group.now - own;
    group.now = done;
    group.step = Step::count;
  }

  const ArchiveWorkload& work_;
  const Rates& rates_;
  const Layout& layout_;
  FieldTime field_;
  double n_fields_;
  std::vector<float> unit_length_;  ///< standard normal
  std::priority_queue<Group, std::vector<Group>, std::greater<>> groups_;
  Server queue_, file_making_, disk_;
  std::size_t next_unit_ = 0;
  double root_calls_at_ = 0, end_ = 0;
};

/// Statistics over members, by all ranks.
void add_statistics(const ArchiveWorkload& work, const Rates& rates, const Layout& layout,
                    Cost& cost) {
  const auto n_ranks = static_cast<double>(layout.ranks);
  double rounds = work.statistics_tasks / n_ranks;
  const double all = work.statistics_bytes / rates.write_bytes_a_s;
  const double a_rank = all / n_ranks;
  if (work.statistics_tasks <= 0) rounds = 1;
  const double longest =
      work.statistics_tasks > 0 ? std::ceil(rounds) * all / work.statistics_tasks : a_rank;
  const double through_disk =
      rates.disk_bytes_a_s > 0 ? work.statistics_bytes / rates.disk_bytes_a_s : 0;
  const double seconds = std::max(longest, through_disk);
  cost.seconds += seconds;
  cost.writing_s += a_rank;
  cost.idle_s += longest - a_rank;
  cost.file_system_s += seconds - longest;
}

}  // namespace

Cost cost_of(const std::vector<ArchiveWorkload>& archives, const Rates& rates,
             const Layout& layout) {
  const auto n_groups = static_cast<double>(layout.ranks / layout.ranks_per_field);
  Cost cost;
  for (const ArchiveWorkload& work : archives) ArchiveRun(work, rates, layout).run(cost);
  for (double* part : {&cost.network_s, &cost.sharing_s, &cost.queue_s, &cost.writing_s,
                       &cost.file_system_s, &cost.idle_s})
    *part /= n_groups;
  for (const ArchiveWorkload& work : archives) add_statistics(work, rates, layout, cost);
  cost.fixed_s = rates.start_s + rates.end_s;
  if (rates.disk_bytes_a_s > 0)
    cost.fixed_s += rates.start_bytes * static_cast<double>(layout.ranks) / rates.disk_bytes_a_s;
  cost.seconds += cost.fixed_s;
  return cost;
}

Layout best_layout(const std::vector<ArchiveWorkload>& archives, const Rates& rates,
                   std::size_t ranks) {
  constexpr double gain = 0.99;  // more ranks a field have to be worth their messages
  double tiles = 1;
  for (const ArchiveWorkload& work : archives) tiles = std::max(tiles, work.tiles);
  Layout best{ranks, 1};
  double least = cost_of(archives, rates, best).seconds;
  for (std::size_t n = 2; n <= ranks && static_cast<double>(n) <= tiles; ++n) {
    if (ranks % n != 0) continue;
    const double seconds = cost_of(archives, rates, {ranks, n}).seconds;
    if (seconds >= gain * least) continue;
    least = seconds;
    best = {ranks, n};
  }
  return best;
}

std::optional<std::int64_t> best_batch(std::span<const BatchCost> costs, std::int64_t asked) {
  constexpr double tolerance = 1.01;
  double least = HUGE_VAL;
  for (const BatchCost& cost : costs)
    if (cost.fits) least = std::min(least, cost.seconds);
  std::optional<std::int64_t> best;
  for (const BatchCost& cost : costs) {
    if (!cost.fits || cost.seconds > tolerance * least) continue;
    if (!best || cost.batch == asked) best = cost.batch;
  }
  return best;
}

}  // namespace hindscale
