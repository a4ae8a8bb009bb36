#!/usr/bin/env python3
"""Prints every network of the suite and the documentation, and reads it again:
text to text is a fixed point, and the binary form loses nothing.
usage: roundtrip.py CRN_OPT FOLDER..."""
import pathlib
import subprocess
import sys


def run(tool, data, emit):
    p = subprocess.run([tool, "-", "-o", "-", f"--emit={emit}"], input=data, capture_output=True)
    return p.stdout if p.returncode == 0 else None


def main():
    tool, bad, done = sys.argv[1], [], 0
    for path in sorted(p for folder in sys.argv[2:] for p in pathlib.Path(folder).glob("**/*.crn")):
        text = run(tool, path.read_bytes(), "crn")
        if text is None:  # an error test
            continue
        done += 1
        binary = run(tool, text, "crn-binary")
        if run(tool, text, "crn") != text:
            bad.append(f"{path}: printing twice gives another text")
        if run(tool, binary, "crn") != text:
            bad.append(f"{path}: the binary form changes the text")
        if run(tool, binary, "crn-binary") != binary:
            bad.append(f"{path}: the binary form is no fixed point")
    print("\n".join(bad))
    print(f"{done} networks went round")
    return 1 if bad or done < 10 else 0


sys.exit(main())
