// SPDX-License-Identifier: Apache-2.0
// Simulates reconstructions on any number of ranks with the cost model of 'hindscale plan'; for
// scaling.py.
//
// usage: scaling_curve ARCHIVE.nml ROWS,COLUMNS,STEP < cases.json > costs.json
// A case: {"overrides": ["group/key=value", ..], "rates": {as struct Rates}, "ranks": [..],
// "ranks_per_field": N}; 0 ranks a field: the best. Answers a list of costs a case.
#include <iostream>
#include <nlohmann/json.hpp>

#include "archive_workload.hpp"
#include "bare_content.hpp"
#include "cost_choice.hpp"
#include "hindscale/comm/runtime.hpp"

namespace hindscale {
namespace {

Rates rates_of(const nlohmann::json& json) {
  Rates rates;
  const std::map<std::string, double*> places{{"evaluations_a_s", &rates.evaluations_a_s},
                                              {"overhead", &rates.overhead},
                                              {"write_bytes_a_s", &rates.write_bytes_a_s},
                                              {"disk_bytes_a_s", &rates.disk_bytes_a_s},
                                              {"start_s", &rates.start_s},
                                              {"end_s", &rates.end_s},
                                              {"scatter", &rates.scatter},
                                              {"exchange_s", &rates.exchange_s},
                                              {"file_s", &rates.file_s},
                                              {"files_a_s", &rates.files_a_s},
                                              {"start_bytes", &rates.start_bytes},
                                              {"queue_wait_s", &rates.queue_wait_s},
                                              {"queue_service_s", &rates.queue_service_s}};
  for (const auto& [name, value] : json.items()) {
    if (name == "queue_by_root") {
      rates.queue_memory = value.get<bool>() ? QueueMemory::by_root : QueueMemory::direct;
      continue;
    }
    *places.at(name) = value.get<double>();
  }
  return rates;
}

nlohmann::json costs_of(const nlohmann::json& request, const std::string& file,
                        const std::string& cells) {
  const Options options =
      read_options(file, request.at("overrides").get<std::vector<std::string>>());
  const std::vector<ArchiveWorkload> work{workload_of(options, bare_content(options, cells))};
  const Rates rates = rates_of(request.at("rates"));
  nlohmann::json costs = nlohmann::json::array();
  for (const std::size_t ranks : request.at("ranks").get<std::vector<std::size_t>>()) {
    const auto asked = request.at("ranks_per_field").get<std::size_t>();
    if (asked > 0 && ranks % asked != 0) continue;
    const Layout layout = asked > 0 ? Layout{ranks, asked} : *best_layout(work, rates, ranks);
    const Cost cost = cost_of(work, rates, layout);
    costs.push_back({{"ranks", ranks},
                     {"ranks_per_field", layout.ranks_per_field},
                     {"units", work.front().unit_fields.size()},
                     {"seconds", cost.seconds},
                     {"network", cost.network_s},
                     {"sharing", cost.sharing_s},
                     {"queue", cost.queue_s},
                     {"writing", cost.writing_s},
                     {"file system", cost.file_system_s},
                     {"start and end", cost.fixed_s},
                     {"idle", cost.idle_s}});
  }
  return costs;
}

int answer(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: scaling_curve ARCHIVE.nml ROWS,COLUMNS,STEP < cases.json\n";
    return 2;
  }
  nlohmann::json all = nlohmann::json::array();
  for (const nlohmann::json& request : nlohmann::json::parse(std::cin))
    all.push_back(costs_of(request, argv[1], argv[2]));
  std::cout << all.dump() << "\n";
  return 0;
}

}  // namespace
}  // namespace hindscale

int main(int argc, char** argv) {
  const hindscale::Runtime runtime(argc, argv);
  try {
    return hindscale::answer(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "scaling_curve: " << error.what() << "\n";
    return 2;
  }
}
