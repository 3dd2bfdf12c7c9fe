// SPDX-License-Identifier: Apache-2.0
// The options of &machine, each declared once.
#pragma once

#include "hindscale/namelist/option.hpp"

namespace hindscale {

/// &machine: what 'plan' reckons with.
struct MachineOptions {
  std::string name;
  std::int64_t ranks_per_node;
  std::vector<std::int64_t> nodes;
  double memory_gib, evaluation_gflops, training_gflops, write_mib_s, disk_mib_s, overhead,
      training_overhead, start_s;

  MachineOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit("name", name, "", {.meaning = "what the plan calls it"});
    visit("nodes", nodes, {1},
          {.unit = "nodes", .meaning = "numbers of nodes to plan for", .range = between(1, 1e5)});
    visit("ranks_per_node", ranks_per_node, 2,
          {.unit = "ranks", .meaning = "ranks of one thread on a node", .range = between(1, 1000)});
    visit("memory_gib", memory_gib, 0.0,
          {.unit = "GiB",
           .meaning =
               "memory of a node; 0: that of the machine at hand where its rates are measured, "
               "else not checked",
           .range = at_least(0)});
    visit("evaluation_gflops", evaluation_gflops, 0.0,
          {.unit = "GFLOP/s",
           .meaning = "rate of a rank in evaluations of the network, all ranks of a node at work; "
                      "0: measured here",
           .range = at_least(0)});
    visit(
        "training_gflops", training_gflops, 0.0,
        {.unit = "GFLOP/s",
         .meaning = "rate of a rank in training, a step being three evaluations; 0: measured here",
         .range = at_least(0)});
    visit(
        "write_mib_s", write_mib_s, 0.0,
        {.unit = "MiB/s",
         .meaning = "rate at which a rank writes, verifies and commits files, in bytes as they are "
                    "before compression; 0: measured here",
         .range = at_least(0)});
    visit("disk_mib_s", disk_mib_s, 0.0,
          {.unit = "MiB/s",
           .meaning = "the most that the file system takes from all ranks together; 0: no limit",
           .range = at_least(0)});
    visit("overhead", overhead, 0.03,
          {.unit = "1",
           .meaning = "time for noise, states, inputs and checks beside the network's, as a share "
                      "of it; see the experiment's timings.jsonl",
           .range = at_least(0)});
    visit(
        "training_overhead", training_overhead, 0.12,
        {.unit = "1",
         .meaning = "time for updates of the weights and for gradients of other ranks, as a share "
                    "of the passes'; see timings.jsonl",
         .range = at_least(0)});
    visit("start_s", start_s, 1.0,
          {.unit = "s",
           .meaning = "from the start of the program to its first field",
           .range = at_least(0)});
  }
};

}  // namespace hindscale
