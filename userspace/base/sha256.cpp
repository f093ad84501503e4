// SPDX-License-Identifier: Apache-2.0
#include "base/sha256.hpp"

#include <openssl/evp.h>

namespace holdfast {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::optional<Sha256> sha256FromHex(std::string_view hex) {
  Sha256 digest = {};
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const auto high = kDigits.find(hex[2 * i]);
    const auto low = kDigits.find(hex[2 * i + 1]);
    if (high == kDigits.npos || low == kDigits.npos) return std::nullopt;
    digest[i] = static_cast<std::uint8_t>(high << 4U | low);
  }
  return digest;
}

std::string hexOf(std::span<const std::uint8_t> bytes) {
  std::string hex;
  for (const auto byte : bytes) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

void Sha256Hash::Free::operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }

Sha256Hash::Sha256Hash() : context_(EVP_MD_CTX_new()) {
  failed_ = !context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1;
}

void Sha256Hash::add(std::string_view bytes) {
  failed_ = failed_ || EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1;
}

std::optional<Sha256> Sha256Hash::take() {
  Sha256 digest = {};
  if (failed_ || EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) != 1) return std::nullopt;
  return digest;
}

}  // namespace holdfast
