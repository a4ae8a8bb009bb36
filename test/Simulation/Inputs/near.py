"""near.py TABLE.csv NAME=VALUE ...: the last row has these values within 1e-6"""
import csv
import sys

rows = list(csv.DictReader(open(sys.argv[1])))
for pair in sys.argv[2:]:
    name, want = pair.rsplit("=", 1)
    got = float(rows[-1][name])
    if abs(got - float(want)) > 1e-6 * max(1, abs(float(want))):
        sys.exit(f"{name} is {got}, expected {want}")
