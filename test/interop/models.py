"""Random models against an ONNX runtime.

Each seed is a model. It is compiled at every level, written as text, binary and
SBML, run to equilibrium from random inputs, and compared with onnxruntime."""

import onnx

from random_model import random_model
from reference import expected
from tools import Failed, Tally, close, parser, same_winner

TOLERANCE = 1e-4  # against the runtime
SAME = 1e-9  # between formats and levels


def save(model, path):
    """The model as a file, its data outside where the model says so."""
    if model.outside:
        onnx.save(model.proto, path, save_as_external_data=True, all_tensors_to_one_file=model.outside == "one",
                  location="weights.data" if model.outside == "one" else None, size_threshold=0)
    else:
        onnx.save(model.proto, path)


def check(seed, tools):
    model = random_model(seed)
    want = expected(model)  # before saving, which moves data out of the model
    save(model, tools.folder / "model.onnx")
    onnx.checker.check_model(tools.folder / "model.onnx")
    first = None
    for level in ("-O0", "-O1"):
        for file in ("net.crn", "net.crnb", "net.xml"):
            tools.run("nn2crn", "model.onnx", "-o", file, level)
            got = tools.simulate(file, model.inputs, "--method=equilibrium")
            got = {name: y.reshape(len(y), -1) for name, y in got.items()}
            if first is None:
                first = got
                compare(got, want)
            for name, y in got.items():
                if not close(y, first[name], SAME).all():
                    raise Failed(f"output {name!r} differs between {file} {level} and net.crn -O0 by {abs(y - first[name]).max():.3g}")


def compare(got, want):
    if sorted(got) != sorted(want):
        raise Failed(f"outputs are {sorted(got)}, expected {sorted(want)}")
    for name, y in want.items():
        if got[name].shape != y.shape:
            raise Failed(f"output {name!r} has shape {got[name].shape}, expected {y.shape}")
        if not close(got[name], y, TOLERANCE).all():
            raise Failed(f"output {name!r} differs from onnxruntime by {abs(got[name] - y).max():.3g}")
        if not same_winner(got[name], y, TOLERANCE):
            raise Failed(f"output {name!r} has another winner than onnxruntime says")


def main():
    p = parser(__doc__)
    p.add_argument("--seed", type=int, help="this seed only")
    p.add_argument("--first", type=int, default=0, help="the first seed")
    p.add_argument("--count", type=int, default=300, help="how many seeds")
    options = p.parse_args()
    seeds = [options.seed] if options.seed is not None else range(options.first, options.first + options.count)
    tally = Tally(options)
    for seed in seeds:
        tally.check(f"models.py --seed {seed}", lambda tools, seed=seed: check(seed, tools))
    tally.finish()


if __name__ == "__main__":
    main()
