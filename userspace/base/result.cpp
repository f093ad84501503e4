// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

namespace holdfast {

std::string Error::text() const {
  if (file.empty()) return message;
  std::string place = file;
  if (line > 0) place += ":" + std::to_string(line);
  if (line > 0 && column > 0) place += ":" + std::to_string(column);
  return place + ": " + message;
}

}  // namespace holdfast
