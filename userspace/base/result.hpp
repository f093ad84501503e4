// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace holdfast {

/// What went wrong, and where a person finds it. `file` is empty and `line` and
/// `column` are 0 where they do not apply; both count from 1.
struct Error {
  std::string message;
  std::string file = {};
  int line = 0;
  int column = 0;

  /// "FILE:LINE:COLUMN: MESSAGE", leaving out what is not known.
  [[nodiscard]] std::string text() const;
};

template <class T>
using Result = tl::expected<T, Error>;

/// Shorthand for `return fail("...")` in a function that returns a Result.
[[nodiscard]] inline tl::unexpected<Error> fail(std::string message) {
  return tl::unexpected<Error>(Error{std::move(message)});
}

}  // namespace holdfast
