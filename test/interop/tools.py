"""Running the tools as processes, and counting what passed."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Failed(Exception):
    """A check did not hold."""


def parser(text):
    """The options that every group of checks has."""
    p = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", help="folder of the tools")
    p.add_argument("--keep", type=pathlib.Path, help="keep the files of each check in a folder here")
    return p


class Tools:
    """The tools of one build, working in one folder."""

    def __init__(self, folder, bin_folder):
        self.folder, self.bin = pathlib.Path(folder), bin_folder.resolve()

    def run(self, tool, *args):
        done = subprocess.run([self.bin / tool, *map(str, args)], cwd=self.folder, capture_output=True, timeout=120)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise Failed(f"{tool} {' '.join(map(str, args))} returned {done.returncode}: {said[:600]}")
        return done

    def simulate(self, net, inputs, *args):
        """Outputs of all cases by name. `inputs` are arrays by name."""
        spec = []
        for i, (name, array) in enumerate(inputs.items()):
            np.save(self.folder / f"in{i}.npy", array)
            spec.append(f"--input={name}=in{i}.npy")
        self.run("crn-sim", net, *spec, "--output=out.npz", *args)
        with np.load(self.folder / "out.npz") as z:
            return {name: z[name] for name in z.files}

    def map_of(self, model, out, *args):
        """Compiles a model and returns what --map says of the file."""
        self.run("nn2crn", model, "-o", out, "--map=map.json", *args)
        return json.loads((self.folder / "map.json").read_text())


class Tally:
    """Runs checks, prints those that fail, and counts at the end."""

    def __init__(self, options):
        self.options, self.passed, self.failed = options, 0, 0

    def check(self, name, body):
        """Calls body(Tools) in a folder of its own; says how to run it again where it fails."""
        with tempfile.TemporaryDirectory() as folder:
            if self.options.keep:
                folder = self.options.keep / name.replace(" ", "-").replace("/", "-")
                folder.mkdir(parents=True, exist_ok=True)
            try:
                body(Tools(folder, self.options.bin))
                self.passed += 1
            except Exception as error:  # whatever a library throws is a failed check
                self.failed += 1
                kind = "" if isinstance(error, Failed) else f"{type(error).__name__}: "
                print(f"FAIL {name}: {kind}{error}", flush=True)

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)


def close(got, want, tolerance):
    """Where got is within the tolerance, absolute plus relative."""
    return np.abs(got - want) <= tolerance * (1 + np.abs(want))


def same_winner(got, want, tolerance):
    """Whether the largest element is the same wherever it is clearly the largest."""
    if want.shape[1] < 2:
        return True
    top = np.sort(want, axis=1)
    clear = top[:, -1] - top[:, -2] > 2 * tolerance * (1 + np.abs(top[:, -1]))
    return bool((got.argmax(axis=1) == want.argmax(axis=1))[clear].all())
