// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace holdfast {

using Sha256 = std::array<std::uint8_t, 32>;

/// Two lower-case hexadecimal digits for each byte.
[[nodiscard]] std::optional<Sha256> sha256FromHex(std::string_view hex);
[[nodiscard]] std::string hexOf(std::span<const std::uint8_t> bytes);

/// The digest of what is added, piece by piece.
class Sha256Hash {
 public:
  Sha256Hash();
  void add(std::string_view bytes);
  /// Of all; nothing if the library failed. Not to be added to any more.
  [[nodiscard]] std::optional<Sha256> take();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
  bool failed_ = false;
};

}  // namespace holdfast
