// SPDX-License-Identifier: Apache-2.0
#include "cost_model.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
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

/// The blocks of years whose statistics are not yet written.
class OpenBlocks {
 public:
  explicit OpenBlocks(const ArchiveWorkload& work) : segments_(work.unit_segments) {
    const double n_fields = std::accumulate(work.unit_fields.begin(), work.unit_fields.end(), 0.0);
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      Block& block = blocks_[segments_[i]];
      block.units_left += 1;
      block.share += work.unit_fields[i] / n_fields;
    }
    n_blocks_ = static_cast<double>(blocks_.size());
  }

  /// A unit is done. The share of all statistics that its group now writes: those of the block that
  /// it completes, where others have work meanwhile.
  double complete(std::size_t i_unit, bool has_more) {
    if (segments_.empty()) return 0;
    const auto block = blocks_.find(segments_[i_unit]);
    if (--block->second.units_left > 0 || !has_more) return 0;
    const double share = block->second.share;
    share_left_ -= share;
    blocks_.erase(block);
    return share;
  }
  /// Of the statistics, for all ranks at the end.
  [[nodiscard]] double share_left() const {
    return blocks_.empty() && n_blocks_ > 0 ? 0 : share_left_;
  }
  [[nodiscard]] double blocks_left() const {
    return n_blocks_ > 0 ? static_cast<double>(blocks_.size()) / n_blocks_ : 1;
  }

 private:
  struct Block {
    std::size_t units_left = 0;
    double share = 0;  ///< of the fields
  };
  const std::vector<std::size_t>& segments_;
  std::map<std::size_t, Block> blocks_;
  double share_left_ = 1, n_blocks_ = 0;
};

/// One archive, from a common start at time 0. Every group has one event to come.
class ArchiveRun {
 public:
  ArchiveRun(const ArchiveWorkload& work, const Rates& rates, const Layout& layout)
      : work_(work),
        rates_(rates),
        layout_(layout),
        field_(work, rates, layout),
        blocks_(work),
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
  [[nodiscard]] const OpenBlocks& blocks() const { return blocks_; }

 private:
  enum class Step { take, look, write, count };
  struct Group {
    double now = 0;
    std::size_t index = 0;
    Step step = Step::take;
    std::size_t i_unit = 0;
    double fields_left = 0;
    double taken_at = 0;  ///< the file system has all that the group wrote
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
        write_statistics(group, cost);
        group.step = Step::take;
    }
    return true;
  }

  void wait_for_file_system(Group& group, Cost& cost) const {
    const double wait = std::max(0.0, group.taken_at - group.now);
    cost.file_system_s += wait;
    group.now += wait;
  }

  /// Those of the block that the unit completes.
  void write_statistics(Group& group, Cost& cost) {
    const double share = blocks_.complete(group.i_unit, next_unit_ < work_.unit_fields.size());
    if (share <= 0) return;
    wait_for_file_system(group, cost);
    spend_on_files(group, work_.statistics_bytes * share, 0, cost);
    wait_for_file_system(group, cost);
  }

  void spend_on_files(Group& group, double bytes, double files, Cost& cost) {
    const double own = files * rates_.file_s + bytes / rates_.write_bytes_a_s;
    const double start = group.now;
    if (rates_.files_a_s > 0 && files > 0)
      group.taken_at = file_making_.serve(start, files / rates_.files_a_s);
    if (rates_.disk_bytes_a_s > 0)
      group.taken_at = std::max(group.taken_at, disk_.serve(start, bytes / rates_.disk_bytes_a_s));
    cost.writing_s += own;
    group.now += own;
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
    if (next_unit_ == work_.unit_fields.size()) {
      wait_for_file_system(group, cost);
      return false;
    }
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
    wait_for_file_system(group, cost);  // it has not yet taken the unit before
    spend_on_files(group, work_.bytes_a_field * fields, work_.files * fields / n_fields_, cost);
    group.step = Step::count;
  }

  const ArchiveWorkload& work_;
  const Rates& rates_;
  const Layout& layout_;
  FieldTime field_;
  OpenBlocks blocks_;
  double n_fields_;
  std::vector<float> unit_length_;  ///< standard normal
  std::priority_queue<Group, std::vector<Group>, std::greater<>> groups_;
  Server queue_, file_making_, disk_;
  std::size_t next_unit_ = 0;
  double root_calls_at_ = 0, end_ = 0;
};

/// Statistics over members that are left when no units are, by all ranks.
void add_statistics(const ArchiveWorkload& work, const OpenBlocks& left, const Rates& rates,
                    const Layout& layout, Cost& cost) {
  const auto n_ranks = static_cast<double>(layout.ranks);
  const double bytes = work.statistics_bytes * left.share_left(),
               tasks = work.statistics_tasks * left.blocks_left();
  const double all = bytes / rates.write_bytes_a_s, a_rank = all / n_ranks;
  const double longest = tasks > 0 ? std::ceil(tasks / n_ranks) * all / tasks : a_rank;
  const double through_disk = rates.disk_bytes_a_s > 0 ? bytes / rates.disk_bytes_a_s : 0;
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
  std::vector<ArchiveRun> runs;
  for (const ArchiveWorkload& work : archives) {
    runs.emplace_back(work, rates, layout);
    runs.back().run(cost);
  }
  for (double* part : {&cost.network_s, &cost.sharing_s, &cost.queue_s, &cost.writing_s,
                       &cost.file_system_s, &cost.idle_s})
    *part /= n_groups;
  for (std::size_t i = 0; i < archives.size(); ++i)
    add_statistics(archives[i], runs[i].blocks(), rates, layout, cost);
  cost.fixed_s = rates.start_s + rates.end_s;
  if (rates.disk_bytes_a_s > 0)
    cost.fixed_s += rates.start_bytes * static_cast<double>(layout.ranks) / rates.disk_bytes_a_s;
  cost.seconds += cost.fixed_s;
  return cost;
}

}  // namespace hindscale
