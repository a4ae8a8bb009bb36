//===- Parallel.h - A loop over several threads -*- C++ -*-===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef NN2CRN_LIB_SIMULATION_PARALLEL_H
#define NN2CRN_LIB_SIMULATION_PARALLEL_H

#include "nn2crn/Support/Progress.h"

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace nn2crn {

/// How a loop ended.
enum class LoopEnd { Done, Cancelled, OutOfMemory };

/// Calls \p Body(state, index) for all indices below \p Count, where each
/// thread makes its own state with \p MakeState(). Bodies must write to places
/// of their own. \p Callback is told the share done and may cancel.
template <class MakeStateFn, class BodyFn>
LoopEnd parallelFor(size_t Count, unsigned Threads,
                    const ProgressCallback &Callback, std::string_view Stage,
                    MakeStateFn MakeState, BodyFn Body) {
  std::atomic<size_t> Next = 0;
  std::atomic<LoopEnd> End = LoopEnd::Done;
  std::mutex Lock;
  size_t Done = 0;
  auto Work = [&] {
    try {
      auto State = MakeState();
      for (size_t I; End == LoopEnd::Done && (I = Next++) < Count;) {
        Body(State, I);
        std::lock_guard Guard(Lock);
        ++Done;
        if (Callback && !Callback({Stage, static_cast<double>(Done) /
                                              static_cast<double>(Count)}))
          End = LoopEnd::Cancelled;
      }
    } catch (const std::bad_alloc &) {
      End = LoopEnd::OutOfMemory;
    }
  };
  if (!Threads)
    Threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::jthread> Others;
  try {
    for (size_t I = 1; I < Threads && I < Count; ++I)
      Others.emplace_back(Work);
  } catch (const std::system_error &) {
    // Fewer threads than asked for do as well.
  }
  Work();
  Others.clear();
  return End;
}

} // namespace nn2crn

#endif
