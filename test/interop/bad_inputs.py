"""Bad input that is promised a message, and that message."""

import re

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from limits import run_limited
from tools import ROOT, Failed

IRIS = ROOT / "examples/iris.onnx"
BAD_INPUTS = {}


def bad_input(name):
    """Registers a check: it makes files and says how to run and what is said."""
    def register(make):
        def body(tools):
            for arguments, pattern, *stdin in make(tools.folder):
                tool, *rest = arguments
                outputs = [a for a in rest if str(a).startswith("out.")]
                code, said = run_limited(tools, tool, *rest, outputs=outputs, stdin=stdin[0] if stdin else b"")
                if code != 1 or not re.search(pattern, said):
                    raise Failed(f"returned {code} and said {said!r}, expected /{pattern}/")
        BAD_INPUTS[name] = body
        return make
    return register


def dense(nodes=None, weight=None, bias=None, x=(None, 2), y=(None, 3), extra=()):
    """y = x W + b as a small model, parts of it replaced."""
    weight = np.array([[1, -1, 0], [0, 1, 1]], np.float32) if weight is None else weight
    bias = np.array([0.5, 0, -1], np.float32) if bias is None else bias
    nodes = nodes or [helper.make_node("Gemm", ["x", "W", "b"], ["y"], name="layer")]
    value = helper.make_tensor_value_info
    tensors = [t if isinstance(t, onnx.TensorProto) else numpy_helper.from_array(t, n) for n, t in (("W", weight), ("b", bias))]
    graph = helper.make_graph(nodes, "g", [value("x", TensorProto.FLOAT, x)], [value("y", TensorProto.FLOAT, y)], [*tensors, *extra])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def compile_it(folder, model):
    """Writes the model, unchecked, and gives the command that compiles it."""
    data = model if isinstance(model, bytes) else model.SerializeToString()
    (folder / "bad.onnx").write_bytes(data)
    return ["nn2crn", "bad.onnx", "-o", "out.crn"]


def network(folder, text):
    (folder / "bad.crn").write_text(text)
    return ["crn-opt", "bad.crn", "-o", "out.xml"]


@bad_input("files that are no models")
def no_models(folder):
    whole = IRIS.read_bytes()
    yield compile_it(folder, b""), r"bad\.onnx: error: expected an ONNX model, found an empty file"
    yield compile_it(folder, whole[:-40]), r"bad\.onnx: error: the ONNX model is truncated or damaged"
    yield compile_it(folder, b"%PDF-1.4 " + bytes(100)), r"bad\.onnx: error: expected an ONNX model, found something else"
    yield compile_it(folder, b"PK\x03\x04" + bytes(100)), r"bad\.onnx: error: expected an ONNX model"
    yield ["nn2crn", "nowhere.onnx", "-o", "out.crn"], r"nowhere\.onnx: error: .*[Nn]o such file"
    yield ["nn2crn", ".", "-o", "out.crn"], r"error: .*directory"
    yield ["nn2crn", "-", "-o", "out.crn"], r"error: expected an ONNX model, found an empty file", b""


@bad_input("hostile protobuf")
def protobuf(folder):
    # Groups within groups, a length of 2^63, and a graph that is a million graphs deep.
    yield compile_it(folder, b"\x3b" * 100000), "error: expected an ONNX model|truncated or damaged"
    yield compile_it(folder, b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f" + bytes(100)), "error: "
    deep = b""
    for _ in range(2000):  # graph > node > attribute > graph
        for field in (b"\x32", b"\x2a", b"\x0a"):
            deep = field + varint(len(deep)) + deep
    yield compile_it(folder, b"\x3a" + varint(len(deep)) + deep), "error: "
    huge = numpy_helper.from_array(np.zeros(1, np.float32), "W")
    huge.dims[:] = [1 << 31, 1 << 31]
    yield compile_it(folder, dense(weight=huge)), r"initializer 'W': error: .*4611686018427387904|more than"
    huge.dims[:] = [-1]
    yield compile_it(folder, dense(weight=huge)), r"initializer 'W': error: .*negative extent"


def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


@bad_input("models that contradict themselves")
def contradictions(folder):
    node = helper.make_node
    yield (compile_it(folder, dense([node("Gemm", ["x", "lost", "b"], ["y"], name="layer")])),
           r"node 'layer' \(Gemm.*error: it reads 'lost', which is no input, initializer or result")
    yield compile_it(folder, dense(x=(None, 5))), r"node 'layer' .*error: the inner extents differ: 5 of \[1,5\] against 2 of \[2,3\]"
    yield compile_it(folder, dense(bias=np.zeros(7, np.float32))), r"'layer' .*error: operand C of shape \[7\] cannot be broadcast to \[1,3\]"
    yield compile_it(folder, dense(y=(None, 9))), r"output 'y': error: .*declared with the shape \[1,9\].*computes \[1,3\]"
    cycle = [node("Add", ["x", "b2"], ["a"]), node("Relu", ["a"], ["b2"]), node("Gemm", ["a", "W", "b"], ["y"])]
    yield compile_it(folder, dense(cycle)), r"error: its result depends on itself: a cycle of 2 nodes"
    twice = [node("Gemm", ["x", "W", "b"], ["y"]), node("Relu", ["x"], ["y"])]
    yield compile_it(folder, dense(twice)), "error: the name 'y' is defined more than once"
    yield compile_it(folder, dense([node("Relu", ["x"], ["z"])])), "output 'y': error: nothing in the model computes this output"
    yield compile_it(folder, dense(x=(None, "width", 2))), r"input 'x': error: nothing says how long axis 1 \('width'\) is"
    yield compile_it(folder, dense(x=(32, 2), y=(32, 3))), r"input 'x': error: the model is exported for 32 cases at once"


@bad_input("numbers that are none")
def numbers(folder):
    w = np.array([[1, np.nan, 0], [0, 1, 1]], np.float32)
    yield compile_it(folder, dense(weight=w)), r"initializer 'W': error: 1 of 6 numbers are not finite; the first is NaN at element 1"
    yield compile_it(folder, dense(bias=np.array([0, np.inf, 0], np.float32))), r"initializer 'b': error: .*infinity at element 1"
    yield compile_it(folder, dense(weight=np.zeros((2, 0), np.float32))), r"initializer 'W': error: .*\[2,0\] has no elements"
    short = numpy_helper.from_array(np.zeros((2, 3), np.float32), "W")
    short.raw_data = short.raw_data[:-1]
    yield compile_it(folder, dense(weight=short)), r"initializer 'W': error: expected 24 bytes for float32\[2,3\], found 23"


@bad_input("what is not supported")
def unsupported(folder):
    node = helper.make_node
    nodes = [node("Conv", ["x", "W"], ["a"], name="c1"), node("Sigmoid", ["a"], ["y"], name="s1")]
    for wanted in (r"error: 2 nodes of the model use operators that cannot be compiled", r"Conv: 1 node \('c1'\)",
                   r"Sigmoid: 1 node \('s1'\); train the model with Relu"):
        yield compile_it(folder, dense(nodes)), wanted
    yield (compile_it(folder, dense(weight=np.array([[1, 0.25, 0], [0, 1, 1]], np.float32))),
           r"'layer' .*error: expected weights -1, 0 and 1, found 1 others among the 4 .* 0\.25, from element 0 .* to element 1")


@bad_input("external data")
def external(folder):
    def with_data(location, **more):
        t = numpy_helper.from_array(np.zeros((2, 3), np.float32), "W")
        t.ClearField("raw_data")
        t.data_location = TensorProto.EXTERNAL
        for key, value in {"location": location, **more}.items():
            t.external_data.add(key=key, value=str(value))
        return compile_it(folder, dense(weight=t))

    yield with_data("gone.data"), r"initializer 'W': error: cannot read external data 'gone\.data': [Nn]o such file"
    (folder / "short.data").write_bytes(bytes(20))
    yield with_data("short.data"), r"'short\.data' is too short: expected 24 bytes at offset 0, found a file of 20 bytes"
    yield with_data("short.data", offset=1 << 62), r"'short\.data' is too short"
    for outside in ("../short.data", "/etc/hostname", "a/../../short.data", "..\\short.data"):
        yield with_data(outside), r"external data must be in the folder of the model"
    (folder / "link").symlink_to("/etc/hostname")
    yield with_data("link"), r"'link' is a link that leads out of it"
    yield with_data("."), r"error: "
    (folder / "short.data").write_bytes(b"\x00\x00\xc0\x7f" * 6)
    yield with_data("short.data"), r"initializer 'W': error: 6 of 6 numbers are not finite; the first is NaN"


@bad_input("text with errors")
def text(folder):
    yield network(folder, "A -> B\nC -> -> D\n"), r"bad\.crn:2:6: error: .*\n.*C -> -> D\n +\^"
    yield network(folder, "A -> B [k = -3]\n"), r"bad\.crn:1:\d+: error: "
    yield network(folder, "@input x[2] dual\n@nonsense\n"), r"bad\.crn:2:1: error: .*@nonsense"
    yield network(folder, "A @initial 1e999\n"), r"bad\.crn:1:\d+: error: "
    yield network(folder, "99999999999 A -> B\n"), r"bad\.crn:1:1: error: "
    yield network(folder, "A -> B [k = \n\n@@@"), r"bad\.crn:\d+:\d+: error: "
    (folder / "bad.xml").write_text("<sbml><model></sbml>")
    yield ["crn-opt", "bad.xml", "-o", "out.crn"], r"bad\.xml(:\d+)*: error: "
    (folder / "bad.crnb").write_bytes(b"")
    yield ["crn-opt", "bad.crnb", "-o", "out.crn"], r"bad\.crnb: error: "
    (folder / "bad.net").write_text("begin species\n 1 A() x\nend species\n")
    yield ["crn-opt", "bad.net", "-o", "out.crn"], r"bad\.net:2(:\d+)?: error: "


@bad_input("arrays of the wrong shape")
def arrays(folder):
    def give(spec, tool="crn-sim"):
        return [tool, IRIS if tool == "nn2crn" else "iris.crn", f"--input={spec}", "-o" if tool == "nn2crn" else "--output=out.npy",
                *(["out.crn", "--case=0"] if tool == "nn2crn" else [])]

    (folder / "iris.crn").write_text("@input x[4] dual\n@output y[1] dual\nx.0.p -> y.0.p\n")
    np.save(folder / "wide.npy", np.zeros((10, 5)))
    np.save(folder / "words.npy", np.array(["a", "b"]))
    np.save(folder / "nan.npy", np.array([[1, 2, np.nan, 4]]))
    np.savez(folder / "two.npz", a=np.zeros(4), b=np.zeros(4))
    (folder / "bad.csv").write_text("1,2,3,4\n1,2,x,4\n")
    for tool in ("crn-sim", "nn2crn"):
        yield give("wide.npy", tool), r"error: port 'x' expects .*\[.*4\].* got \[10,5\]"
        yield give("1,2,3", tool), r"error: port 'x' expects .*4.* got \[?3"
        yield give("words.npy", tool), r"words\.npy: error: "
        yield give("nan.npy", tool), r"error: .*(nan|NaN|finite)"
        yield give("two.npz", tool), r"two\.npz: error: .*('a'|a).*b"
        yield give("two.npz:c", tool), r"two\.npz: error: .*c"
        yield give("bad.csv", tool), r"bad\.csv:2(:\d+)?: error: "
        yield give("gone.npy", tool), r"gone\.npy: error: .*[Nn]o such file"
        yield give("z=1,2,3,4", tool), r"error: .*z"


@bad_input("outputs that cannot be written")
def unwritable(folder):
    (folder / "file").write_text("")
    yield ["nn2crn", IRIS, "-o", "nowhere/out.xml"], r"nowhere/out\.xml: error: .*[Nn]o such file or directory"
    yield ["nn2crn", IRIS, "-o", "file/out.xml"], r"file/out\.xml: error: .*[Nn]ot a directory"
    yield ["nn2crn", IRIS, "-o", "/proc/out.xml"], r"/proc/out\.xml: error: "
    (folder / "folder.xml").mkdir()
    yield ["nn2crn", IRIS, "-o", "folder.xml"], r"folder\.xml: error: .*it is a folder"
    yield ["nn2crn", IRIS, "-o", "out.what"], r"error: no format has the extension '\.what'.*\nnote: known extensions: \.crn, "


def full_disk(tools):
    """A disk that is full after some bytes leaves no half file, whatever is written."""
    written = ["out.crn", "out.xml", "out.net", "out.ant", "out.dot", "out.crnb", "out.json"]
    for size in (0, 100, 2000):
        for out in written:
            code, said = run_limited(tools, "nn2crn", IRIS, "-o", out, file_size=size)
            if (tools.folder / out).exists():  # small enough
                (tools.folder / out).unlink()
            elif code != 1 or "large" not in said:
                raise Failed(f"{out} of {size} bytes: returned {code} and said {said!r}")


BAD_INPUTS["a full disk"] = full_disk
