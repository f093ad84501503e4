// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/nlohmann.hpp"

// What the request "metrics" gives: a list of MetricFamily. The daemon says what there is and what it means, so that
// a holdfastctl of another release shows it all the same.

namespace holdfast::control {

/// One value. `suffix` is "_bucket", "_sum" or "_count" of a histogram's parts, empty otherwise.
struct MetricSample {
  std::map<std::string, std::string> labels = {};
  double value = 0;
  std::string suffix = {};
};

struct MetricFamily {
  std::string name;  // as Prometheus wants it: unit and "_total" at its end
  std::string type;  // "counter", "gauge", "histogram"
  std::string help;
  std::vector<MetricSample> samples = {};  // empty: nobody knows, and the family is left out
};

void to_json(nlohmann::json& out, const MetricSample& value);
void from_json(const nlohmann::json& in, MetricSample& value);
void to_json(nlohmann::json& out, const MetricFamily& value);
void from_json(const nlohmann::json& in, MetricFamily& value);

/// Prometheus' text format 0.0.4. Whatever a label's value holds, it stays one value in its quotes; a family or label
/// whose name is none is left out.
[[nodiscard]] std::string prometheusText(const std::vector<MetricFamily>& families);

}  // namespace holdfast::control
