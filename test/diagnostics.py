#!/usr/bin/env python3
"""Every id of Diagnostics.def is reported somewhere and seen by a test."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Reported only for sizes that no test can afford.
TOO_LARGE = {"NetworkTooLarge"}


def text(*folders):
    return "\n".join(p.read_text(errors="replace") for f in folders for p in sorted((ROOT / f).rglob("*"))
                     if p.is_file() and p.suffix in (".cpp", ".h", ".crn", ".test", ".onnxtext", ".py"))


ids = re.findall(r'^NN2CRN_DIAG\((\w+), "([a-z0-9-]+)"',
                 (ROOT / "include/nn2crn/Support/Diagnostics.def").read_text(), re.M)
code, tests = text("lib", "tools"), text("test")
bad = [f"{e}: nothing reports it" for e, _ in ids if not re.search(rf"DiagId::{e}\b", code)]
bad += [f"{e}: no test expects [{n}]" for e, n in ids
        if e not in TOO_LARGE and f"[{n}]" not in tests and not re.search(rf"DiagId::{e}\b", tests)]
print("\n".join(bad) if bad else f"{len(ids)} diagnostics are reported and tested")
sys.exit(1 if bad or not ids else 0)
