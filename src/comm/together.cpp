// SPDX-License-Identifier: Apache-2.0
// Failures that all ranks agree on.
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

enum class Failure { none, input, system, other };

struct Outcome {
  Failure kind = Failure::none;
  ErrorFacts facts;
};

Outcome outcome_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return {Failure::input, error.facts()};
  } catch (const SystemError& error) {
    return {Failure::system, error.facts()};
  } catch (const std::system_error& error) {  // of the file system library
    return {Failure::system, {.problem = error.what()}};
  } catch (const std::exception& error) {
    return {Failure::other, {.problem = error.what()}};
  }
  return {};
}

std::string pack(const Outcome& outcome) {
  const ErrorFacts& facts = outcome.facts;
  const nlohmann::json json{static_cast<int>(outcome.kind),
                            facts.problem,
                            facts.value,
                            facts.why,
                            facts.advice,
                            facts.file,
                            facts.line,
                            facts.key};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Outcome unpack(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  return {static_cast<Failure>(json[0].get<int>()),
          {json[1], json[2], json[3], json[4], json[5], json[6], json[7]}};
}

[[noreturn]] void raise(const Outcome& outcome) {
  if (outcome.kind == Failure::input) throw InputError(outcome.facts);
  if (outcome.kind == Failure::system) throw SystemError(outcome.facts);
  throw std::runtime_error(outcome.facts.problem);
}

}  // namespace

void together(const Communicator& comm, const std::function<void()>& action) {
  const Outcome mine = outcome_of(action);
  if (!any_of(comm, mine.kind != Failure::none)) return;
  for (const std::string& text : gather_texts(comm, pack(mine))) {
    const Outcome outcome = unpack(text);
    if (outcome.kind != Failure::none) raise(outcome);
  }
}

}  // namespace hindscale
