"""Damaged models, networks and arrays, fed to the tools as processes.

A tool may take a file or refuse it: exit code 0 or 1, in time and memory that
are bounded, with an error where it refuses, and no file then. What issue and
documentation list as bad input has its message as well (bad_inputs.py)."""

import random

import onnx

from bad_inputs import BAD_INPUTS
from limits import run_limited
from models import save
from mutate import mutate
from random_model import random_model
from tools import ROOT, Tally, Tools, parser

IRIS = ROOT / "examples/iris.onnx"


def sources(folder, options):
    """Whole files to damage: name -> (bytes, what is done with the damaged file)."""
    tools = Tools(folder, options.bin)
    files = {"iris.onnx": IRIS.read_bytes()}
    for seed in (3, 4, 6):
        model = random_model(seed)
        model.outside = ""
        save(model, folder / "m.onnx")
        files[f"seed{seed}.onnx"] = (folder / "m.onnx").read_bytes()
    files["iris.onnxtext"] = onnx.printer.to_text(onnx.load(IRIS)).encode()
    for out in ("net.crn", "net.crnb", "net.xml", "net.net"):
        tools.run("nn2crn", IRIS, "-o", out, "--input=5.1,3.5,1.4,0.2", "--case=0")
        files[out] = (folder / out).read_bytes()
    for out in ("x.npy", "x.npz", "x.csv"):
        tools.run("crn-sim", "net.crn", "--input=5.1,3.5,1.4,0.2", f"--output={out}")
        files[out] = (folder / out).read_bytes()
    return files


def feed(tools, name, data):
    """Gives a damaged file to the tools that read its kind."""
    file = f"bad-{name}"
    (tools.folder / file).write_bytes(data)
    kind = name.rsplit(".", 1)[1]
    if kind in ("onnx", "onnxtext"):
        run_limited(tools, "nn2crn", file, "-o", "out.xml", "--map=map.json", outputs=["out.xml", "map.json"])
        run_limited(tools, "nn2crn", "-", "-o", "out.crn", outputs=["out.crn"], stdin=data)
    elif kind in ("npy", "npz", "csv"):
        tools.run("nn2crn", IRIS, "-o", "iris.crn")
        run_limited(tools, "crn-sim", "iris.crn", f"--input={file}", "--output=out.npy", outputs=["out.npy"])
        run_limited(tools, "nn2crn", IRIS, "-o", "out.crn", f"--input={file}", "--case=0", outputs=["out.crn"])
    else:
        run_limited(tools, "crn-opt", file, "-o", "out.crn", "--passes=O1", outputs=["out.crn"])
        run_limited(tools, "crn-opt", "-", "-o", "out.net", outputs=["out.net"], stdin=data)
        run_limited(tools, "crn-sim", file, "--output=out.npz", "--report=r.json", outputs=["out.npz", "r.json"])
        run_limited(tools, "crn-sim", file, "--method=ode", "--t-end=1", "--output=end.npz", outputs=["end.npz"])


def damaged(tools, name, data, seed):
    for old in tools.folder.iterdir():
        old.unlink()
    feed(tools, name, mutate(data, random.Random(f"{name} {seed}")))


def main():
    p = parser(__doc__)
    p.add_argument("--only", default="", help="only checks whose name contains this")
    p.add_argument("--first", type=int, default=0, help="the first seed")
    p.add_argument("--count", type=int, default=40, help="damaged copies of each file")
    options = p.parse_args()
    tally = Tally(options)
    for name, body in BAD_INPUTS.items():
        if options.only in name:
            tally.check(f"hostile.py --only '{name}'", body)
    files = {}
    tally.check("hostile.py sources", lambda tools: files.update(sources(tools.folder, options)))
    for name, data in files.items():
        for seed in range(options.first, options.first + options.count):
            if options.only in name:
                tally.check(f"hostile.py --only {name} --first {seed} --count 1",
                            lambda tools, name=name, data=data, seed=seed: damaged(tools, name, data, seed))
    tally.finish()


if __name__ == "__main__":
    main()
