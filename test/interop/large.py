"""One large model: compiled and run within the limits that damaged files get.

Guards against work that grows with the square of a layer's width."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from limits import run_limited
from tools import Failed, Tally, close, parser

WIDTHS = (784, 2048, 2048, 10)


def layers():
    rng = np.random.default_rng(0)
    return [(rng.choice([-1, 0, 1], size=(n, m)), rng.normal(size=n).astype(np.float32)) for m, n in zip(WIDTHS, WIDTHS[1:])]


def save(weights, path):
    nodes, tensors, at = [], [], "x"
    for i, (w, b) in enumerate(weights):
        last = i == len(weights) - 1
        tensors += [numpy_helper.from_array(w.astype(np.float32), f"w{i}"), numpy_helper.from_array(b, f"b{i}")]
        nodes.append(helper.make_node("Gemm", [at, f"w{i}", f"b{i}"], ["y" if last else f"z{i}"], transB=1))
        if not last:
            nodes.append(helper.make_node("Relu", [f"z{i}"], [f"h{i}"]))
            at = f"h{i}"
    value = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "large", [value("x", TensorProto.FLOAT, ["N", WIDTHS[0]])],
                              [value("y", TensorProto.FLOAT, ["N", WIDTHS[-1]])], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)


def expected(weights, x):
    for w, b in weights[:-1]:
        x = np.maximum(x @ w.T + b, 0)
    return x @ weights[-1][0].T + weights[-1][1]


def check(tools, file):
    weights = layers()
    x = np.random.default_rng(1).normal(size=(20, WIDTHS[0]))
    save(weights, tools.folder / "model.onnx")
    np.save(tools.folder / "x.npy", x)
    for command in (("nn2crn", "model.onnx", "-o", file), ("crn-sim", file, "--input=x.npy", "--output=y.npy")):
        code, said = run_limited(tools, *command, outputs=[file if command[0] == "nn2crn" else "y.npy"])
        if code:
            raise Failed(said)
    off = np.abs(np.load(tools.folder / "y.npy") - expected(weights, x))
    if not close(np.load(tools.folder / "y.npy"), expected(weights, x), 1e-9).all():
        raise Failed(f"outputs are off by {off.max():.3g}")


def main():
    tally = Tally(parser(__doc__).parse_args())
    for file in ("net.crn", "net.crnb"):
        tally.check(f"large.py {file}", lambda tools, file=file: check(tools, file))
    tally.finish()


if __name__ == "__main__":
    main()
