"""Starts a tool that waits for its input, and makes it crash."""
import signal
import subprocess
import sys
import time

p = subprocess.Popen([sys.argv[1], "-", "--passes=fix(O1)"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
# The handler is in place once the tool reads; give it up to ten seconds to.
for _ in range(100):
    time.sleep(0.1)
    if open(f"/proc/{p.pid}/wchan").read() not in ("", "0") or open(f"/proc/{p.pid}/stat").read().split()[2] == "S":
        break
p.send_signal(signal.SIGSEGV)
_, said = p.communicate()
print("exit code", p.returncode)
print(said)
