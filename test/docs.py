#!/usr/bin/env python3
"""Runs the examples of the documentation.

In a ```console block a line that begins with `$ ` is a command, run in a folder
of its own with the repository's `examples/` in it; the lines below it are what
it prints. `...` on a line of its own stands for any lines, and at the end of a
line for any rest. In docs/reference/passes.md a ```crn before block, given to
the pass whose section it stands in, must give the ```crn after block.

usage: docs.py TOOLS_FOLDER FILE..."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def matches(want, got):
    if not want:
        return not got
    if want[0] == "...":
        return any(matches(want[1:], got[i:]) for i in range(len(got) + 1))
    if not got:
        return False
    same = got[0].startswith(want[0][:-3]) if want[0].endswith("...") else got[0] == want[0]
    return same and matches(want[1:], got[1:])


def console_examples(text):
    for block in re.findall(r"```console\n(.*?)```", text, re.S):
        command, lines = None, []
        for line in block.splitlines() + ["$ "]:
            if line.startswith("$ "):
                if command is not None:
                    yield command, lines
                command, lines = line[2:], []
            elif command is not None and command.endswith("\\"):
                command = command[:-1] + line.strip()
            else:
                lines.append(line.rstrip())


def check_console(path, env, folder):
    done, bad = 0, []
    for command, want in console_examples(path.read_text()):
        p = subprocess.run(["bash", "-c", command], cwd=folder, env=env, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
        got = [line.rstrip() for line in p.stdout.splitlines()]
        done += 1
        if not matches(want, got):
            bad.append(f"{path}: $ {command}\n  expected:\n" + "\n".join("    " + w for w in want)
                       + "\n  got:\n" + "\n".join("    " + g for g in got))
    return done, bad


def check_passes(path, env, folder):
    done, bad = 0, []
    for name, section in re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", path.read_text(), re.S | re.M):
        pair = re.search(r"```crn before\n(.*?)```\s+```crn after\n(.*?)```", section, re.S)
        if not pair:
            continue
        p = subprocess.run(["crn-opt", "-", "-o", "-", f"--passes={name}"], input=pair[1], env=env,
                           cwd=folder, capture_output=True, text=True)
        done += 1
        if p.stdout != pair[2]:
            bad.append(f"{path}: {name} gives\n{p.stdout}{p.stderr}  instead of\n{pair[2]}")
    return done, bad


def main():
    env = dict(os.environ, PATH=os.path.abspath(sys.argv[1]) + os.pathsep + os.environ["PATH"], LC_ALL="C")
    done, bad = 0, []
    for name in sys.argv[2:]:
        path = pathlib.Path(name)
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(ROOT / "examples", os.path.join(folder, "examples"))
            for check in (check_console, check_passes):
                d, b = check(path, env, folder)
                done, bad = done + d, bad + b
    print("\n".join(bad))
    print(f"{done} examples were run")
    return 1 if bad or not done else 0


sys.exit(main())
