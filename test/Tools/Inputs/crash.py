"""crash.py [--nowhere] TOOL [ARGUMENT ...]: starts a tool with a temporary folder of its own, makes it crash once it waits, for its
input or for somebody to read its messages, and prints what it said and left there. --passes=@N is N passes
that print; --nowhere: the temporary folder does not exist."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

nowhere = sys.argv[1] == "--nowhere"
command = sys.argv[1 + nowhere:]
for i, word in enumerate(command):
    if word.startswith("--passes=@"):
        command[i] = "--passes=" + ",".join(["print-stats{scheme=srinivas2017}"] * int(word[10:]))

with tempfile.TemporaryDirectory() as folder:
    p = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         env=os.environ | {"TMPDIR": folder + ("/missing" if nowhere else "")})
    # The handler is in place once the tool waits; give it up to ten seconds to.
    for _ in range(100):
        time.sleep(0.1)
        if open(f"/proc/{p.pid}/stat").read().rsplit(")", 1)[1].split()[0] == "S":
            break
    p.send_signal(signal.SIGSEGV)
    _, said = p.communicate()
    print("exit code", p.returncode)
    print(said[said.find("internal error"):].replace(folder, "TMP").replace(str(p.pid), "PID"))
    for left in sorted(pathlib.Path(folder).rglob("*")):
        print("left", left.relative_to(folder).as_posix().replace(str(p.pid), "PID"), f"{left.stat().st_mode & 0o777:o}")
        if left.name == "report.txt":
            print(left.read_text())
