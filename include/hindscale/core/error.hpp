// SPDX-License-Identifier: Apache-2.0
// Errors that carry their facts, and the exit codes they end in.
#pragma once

#include <stdexcept>
#include <string>

namespace hindscale {

/// Exit status of the program (sysexits where one fits).
enum class ExitCode { done = 0, bug = 1, input = 2, io = 74, stopped = 75 };

/// What went wrong, where, and what to do. Empty members are left out of the message.
struct ErrorFacts {
  std::string problem{};  ///< what is wrong, e.g. "unknown key"
  std::string value{};    ///< the offending value, printed in quotes
  std::string why{};      ///< the reason, printed in parentheses
  std::string advice{};   ///< what the user can do
  std::string file{};     ///< the file concerned
  int line = 0;           ///< line in `file`, counted from 1; 0 where there is none
  std::string key{};      ///< "group/key" of the namelist
};

/// "file:line: group/key: problem 'value' (why); advice".
std::string message_of(const ErrorFacts& facts);

class Error : public std::runtime_error {
 public:
  explicit Error(ErrorFacts facts)
      : std::runtime_error(message_of(facts)), facts_(std::move(facts)) {}
  [[nodiscard]] const ErrorFacts& facts() const { return facts_; }

 private:
  ErrorFacts facts_;
};

/// The user, a file or the namelist is at fault: exit 2.
class InputError : public Error {
  using Error::Error;
};

/// A sampler left the range of numbers, or did not arrive: the fault of its options or of the
/// network.
class DivergenceError : public InputError {
  using InputError::InputError;
};

/// MPI, a file system or a device failed: exit 74.
class SystemError : public Error {
  using Error::Error;
};

/// Our own bug: exit 1.
class AssertionError : public std::logic_error {
  using std::logic_error::logic_error;
};

[[noreturn]] void fail_assertion(const char* condition, const char* file, int line);

}  // namespace hindscale

/// A contract of our own code; broken only by a bug.
#define HINDSCALE_ASSERT(condition)                                                \
  do {                                                                             \
    if (!(condition)) ::hindscale::fail_assertion(#condition, __FILE__, __LINE__); \
  } while (false)
