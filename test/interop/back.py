"""The way back: networks as ONNX models, in an ONNX runtime.

Each seed is a model. It is compiled at every level, and the reactions are
translated back to an ONNX model, which the checker must take, and which a
runtime runs on the same inputs. Compared with crn-sim's limit: two readings of
one network that share no code."""

import numpy as np
import onnx

from models import save
from random_model import random_model
from reference import session
from tools import Failed, Tally, close, parser

SAME = 1e-9


def check(seed, tools):
    model = random_model(seed)
    save(model, tools.folder / "model.onnx")
    for level in ("-O0", "-O1", "-O2"):
        tools.run("nn2crn", "model.onnx", "-o", "net.crnb", level)
        tools.run("crn-opt", "net.crnb", "-o", "back.onnx")
        tools.run("nn2crn", "model.onnx", "-o", "direct.onnx", level)
        if (tools.folder / "back.onnx").read_bytes() != (tools.folder / "direct.onnx").read_bytes():
            raise Failed(f"crn-opt and nn2crn write different models at {level}")
        compare(tools, model.inputs, level)


def compare(tools, inputs, level):
    path = tools.folder / "back.onnx"
    onnx.checker.check_model(path, full_check=True)
    runtime = session(str(path))
    feed = {}
    for port in runtime.get_inputs():
        cases = len(inputs[port.name])
        feed[port.name] = np.asarray(inputs[port.name], dtype=np.float64).reshape(cases, *port.shape[1:])
    got = runtime.run(None, feed)
    want = tools.simulate("net.crnb", inputs, "--method=equilibrium")
    if len(got) != len(want):
        raise Failed(f"{len(got)} outputs at {level}, expected {len(want)}")
    # In order: an output that has an input's name has another one in the model.
    for y, (name, wanted) in zip(got, want.items()):
        if y.shape != wanted.shape:
            raise Failed(f"output {name!r} has shape {y.shape} at {level}, expected {wanted.shape}")
        if not close(y, wanted, SAME * magnitude(inputs)).all():
            raise Failed(f"output {name!r} differs from crn-sim's at {level} by {abs(y - wanted).max():.3g}")


def magnitude(inputs):
    """Rails grow with the inputs, and what doubles lose grows with the rails."""
    return max(1.0, *(float(np.abs(x).max()) for x in inputs.values()))


def main():
    p = parser(__doc__)
    p.add_argument("--seed", type=int, help="this seed only")
    p.add_argument("--first", type=int, default=0, help="the first seed")
    p.add_argument("--count", type=int, default=150, help="how many seeds")
    options = p.parse_args()
    seeds = [options.seed] if options.seed is not None else range(options.first, options.first + options.count)
    tally = Tally(options)
    for seed in seeds:
        tally.check(f"back.py --seed {seed}", lambda tools, seed=seed: check(seed, tools))
    tally.finish()


if __name__ == "__main__":
    main()
