// SPDX-License-Identifier: Apache-2.0
#include "container/state_json.hpp"

namespace holdfast::container {

using Json = nlohmann::json;

Result<Json> parseObject(std::string_view text, const char* what, std::size_t limit) {
  if (text.size() > limit) return fail(std::string(what) + " is too long");
  Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  if (!json.is_object()) return fail(std::string(what) + " is no JSON object");
  return json;
}

const Json& memberOf(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

std::string textAt(const Json& object, const char* key) {
  const Json& value = memberOf(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::uint64_t numberAt(const Json& object, const char* key) {
  const Json& value = memberOf(object, key);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

std::map<std::string, std::string> textsOf(const Json& object) {
  std::map<std::string, std::string> texts;
  if (!object.is_object()) return texts;
  for (const auto& [name, text] : object.items()) {
    if (texts.size() >= kAnnotationsMax) break;
    if (text.is_string()) texts[name] = text.get<std::string>();
  }
  return texts;
}

std::map<std::string, std::string> textsAt(const Json& object, const char* key) {
  return textsOf(memberOf(object, key));
}

}  // namespace holdfast::container
