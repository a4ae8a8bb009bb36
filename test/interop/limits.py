"""Runs a tool within limits and says whether it ended as tools should."""

import resource
import subprocess

from tools import Failed

SECONDS, BYTES = 10, 2 << 30


def limited(file_size=None):
    def apply():
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if file_size is not None:  # as a full disk: what is written beyond fails
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    return apply


def run_limited(tools, tool, *args, outputs=(), stdin=b"", file_size=None):
    """Exit code and messages; raises where the tool crashed, took too long,
    failed silently, or failed and left one of the outputs behind."""
    command = [tools.bin / tool, *map(str, args)]
    # Signals as Python has them: what goes beyond the file size is an error, not a signal.
    try:
        done = subprocess.run(command, cwd=tools.folder, input=stdin, capture_output=True, timeout=3 * SECONDS,
                              preexec_fn=limited(file_size), restore_signals=False, check=False)
    except subprocess.TimeoutExpired:
        raise Failed(f"{tool} {' '.join(command[1:])} took more than {3 * SECONDS} s") from None
    said = done.stderr.decode(errors="replace")
    shown = f"{tool} {' '.join(command[1:])} returned {done.returncode}: {said[:500]}"
    if done.returncode not in (0, 1):
        raise Failed(shown)
    if done.returncode == 1 and "error:" not in said:
        raise Failed("no error is shown. " + shown)
    left = [f for f in outputs if (tools.folder / f).exists()]
    if done.returncode == 1 and left:
        raise Failed(f"{left} left behind. " + shown)
    if done.returncode == 0 and len(left) != len(outputs):
        raise Failed(f"only {left} written. " + shown)
    extra = [f.name for f in tools.folder.iterdir() if ".tmp" in f.name]
    if extra:
        raise Failed(f"{extra} left behind. " + shown)
    return done.returncode, said
