// SPDX-License-Identifier: Apache-2.0
// Holds the proof, at compile time, that types.hpp repeats the ABI truly.
#include "kernel/types.hpp"

#include <linux/holdfast.h>

namespace holdfast::kernel {

static_assert(kStatusAttached == HOLDFAST_STATUS_F_ATTACHED && kStatusOverlay == HOLDFAST_STATUS_F_OVERLAY);
static_assert(kStatusController == HOLDFAST_STATUS_F_CONTROLLER && kStatusPolicy == HOLDFAST_STATUS_F_POLICY);
static_assert(kStatusDisabled == HOLDFAST_STATUS_F_DISABLED && kStatusLocked == HOLDFAST_STATUS_F_LOCKED);
static_assert(kStatusSilent == HOLDFAST_STATUS_F_SILENT && kStatusMismatch == HOLDFAST_STATUS_F_MISMATCH);
static_assert(kHookMandatory == HOLDFAST_HOOK_F_MANDATORY && kHookAttached == HOLDFAST_HOOK_F_ATTACHED);
static_assert(kHookTracepoint == HOLDFAST_HOOK_F_TRACEPOINT);
static_assert(kContainerDefaulted == HOLDFAST_CONTAINER_F_DEFAULTED);
static_assert(kContainerHostRoot == HOLDFAST_CONTAINER_F_HOST_ROOT);
static_assert(kContainerStorage == HOLDFAST_CONTAINER_F_STORAGE && kContainerArmed == HOLDFAST_CONTAINER_F_ARMED);
static_assert(kContainerNone == HOLDFAST_CONTAINER_F_NONE);
static_assert(kQueryPattern == HOLDFAST_QUERY_F_PATTERN && kQueryPid1 == HOLDFAST_QUERY_F_PID1);
static_assert(kQueryRootFile == HOLDFAST_QUERY_F_ROOT_FILE && kQueryMemfd == HOLDFAST_QUERY_F_MEMFD);
static_assert(kQueryProcess == HOLDFAST_QUERY_F_PROCESS);
static_assert(kAbiVersion == HOLDFAST_ABI_VERSION && kNameMax == HOLDFAST_NAME_MAX);
static_assert(kQueryTimeoutMaxMs == HOLDFAST_QUERY_TIMEOUT_MS_MAX && kBindingsMax == HOLDFAST_BINDINGS_MAX);
static_assert(static_cast<int>(AnswerKind::Container) == HOLDFAST_ANSWER_CONTAINER);
static_assert(static_cast<int>(AnswerKind::Setup) == HOLDFAST_ANSWER_SETUP);
static_assert(static_cast<int>(AnswerKind::None) == HOLDFAST_ANSWER_NONE);
static_assert(static_cast<int>(PolicyRuleType::NonImageProgram) == HOLDFAST_RULE_NON_IMAGE_PROGRAM);
static_assert(static_cast<int>(Expect::Lower) == HOLDFAST_EXPECT_LOWER);
static_assert(static_cast<int>(Expect::Upper) == HOLDFAST_EXPECT_UPPER);

std::uint64_t idOfProcess(std::uint32_t pid, std::uint64_t start_ticks) {
  return HOLDFAST_ID_OF_PROCESS | start_ticks << HOLDFAST_ID_PID_BITS | pid;
}

std::optional<ProcessOfId> processOfId(std::uint64_t id) {
  if ((id & HOLDFAST_ID_OF_PROCESS) == 0) return std::nullopt;
  constexpr std::uint64_t kPids = (1ULL << HOLDFAST_ID_PID_BITS) - 1;
  return ProcessOfId{static_cast<std::uint32_t>(id & kPids), (id & ~HOLDFAST_ID_OF_PROCESS) >> HOLDFAST_ID_PID_BITS};
}

const char* whyNotCovered(std::uint32_t container_flags) {
  if ((container_flags & kContainerHostRoot) != 0) return "its root directory is the host's";
  if ((container_flags & kContainerStorage) != 0)
    return "its root file system is no overlay: the image's own and added files are not told apart";
  return "";
}

}  // namespace holdfast::kernel
