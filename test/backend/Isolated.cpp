//===- Isolated.cpp -------------------------------------------------------===//
//
// Part of the nn2crn project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for licence information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Isolated.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace nn2crn::test;

namespace {
struct Child {
  pid_t Process;
  int Pipe;
  std::string Answer;
};
} // namespace

/// What a child does; never returns. The answer ends in a zero byte, so that
/// half of one is none.
[[noreturn]] static void work(size_t I, int Pipe, unsigned Seconds,
                              const std::function<std::string(size_t)> &Work) {
  rlimit Limit{Seconds, Seconds + 1};
  setrlimit(RLIMIT_CPU, &Limit);
  std::string Answer = Work(I);
  Answer.push_back('\0');
  for (size_t At = 0; At < Answer.size();) {
    ssize_t Written = write(Pipe, Answer.data() + At, Answer.size() - At);
    if (Written < 0 && errno != EINTR)
      _exit(1);
    At += Written > 0 ? static_cast<size_t>(Written) : 0;
  }
  _exit(0);
}

static std::optional<Child>
start(size_t I, unsigned Seconds,
      const std::function<std::string(size_t)> &Work) {
  int Ends[2];
  if (pipe(Ends) != 0)
    return std::nullopt;
  // Or both processes would print what waits.
  std::fflush(nullptr);
  pid_t Process = fork();
  if (Process == 0) {
    close(Ends[0]);
    work(I, Ends[1], Seconds, Work);
  }
  close(Ends[1]);
  if (Process < 0) {
    close(Ends[0]);
    return std::nullopt;
  }
  return Child{Process, Ends[0], {}};
}

static IsolatedEnd endOf(Child &C, unsigned Seconds) {
  close(C.Pipe);
  int Status = 0;
  rusage Used{};
  while (wait4(C.Process, &Status, 0, &Used) < 0 && errno == EINTR)
    ;
  auto InSeconds = [](const timeval &T) {
    return static_cast<double>(T.tv_sec) +
           1e-6 * static_cast<double>(T.tv_usec);
  };
  double Took = InSeconds(Used.ru_utime) + InSeconds(Used.ru_stime);
  if (WIFSIGNALED(Status)) {
    int Signal = WTERMSIG(Status);
    return {{},
            Signal == SIGXCPU
                ? "took more than " + std::to_string(Seconds) + " s"
                : std::string("crashed: ") + strsignal(Signal),
            Took};
  }
  if (Status != 0 || C.Answer.empty() || C.Answer.back() != '\0')
    return {{}, "ended without an answer", Took};
  C.Answer.pop_back();
  return {std::move(C.Answer), {}, Took};
}

void nn2crn::test::runIsolated(
    size_t Count, unsigned Jobs, unsigned Seconds,
    const std::function<std::string(size_t)> &Work,
    const std::function<void(size_t, const IsolatedEnd &)> &Done) {
  std::map<size_t, Child> Running;
  std::map<size_t, IsolatedEnd> Ended;
  for (size_t Next = 0, Told = 0; Told < Count;) {
    for (; Next < Count && Running.size() < Jobs; ++Next) {
      if (auto C = start(Next, Seconds, Work))
        Running.emplace(Next, std::move(*C));
      else
        Ended[Next].Failure = "no process could be made";
    }
    std::vector<pollfd> Pipes;
    std::vector<size_t> Of;
    for (const auto &[I, C] : Running) {
      Pipes.push_back({C.Pipe, POLLIN, 0});
      Of.push_back(I);
    }
    if (!Pipes.empty())
      poll(Pipes.data(), Pipes.size(), -1);
    for (size_t K = 0; K < Pipes.size(); ++K) {
      if (Pipes[K].revents == 0)
        continue;
      Child &C = Running.at(Of[K]);
      char Bytes[4096];
      ssize_t Read = read(C.Pipe, Bytes, sizeof Bytes);
      if (Read > 0)
        C.Answer.append(Bytes, static_cast<size_t>(Read));
      if (Read > 0 || (Read < 0 && errno == EINTR))
        continue;
      Ended[Of[K]] = endOf(C, Seconds);
      Running.erase(Of[K]);
    }
    for (; Ended.count(Told); ++Told)
      Done(Told, Ended[Told]);
  }
}
