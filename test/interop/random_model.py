"""Random ONNX models of dense ReLU networks with ternary weights.

A seed decides everything: layers, the operators that express them, how numbers
are stored, versions, shapes and names. All weights are -1, 0 or 1 once alpha
and beta are multiplied in, and the product of the rows' lengths is bounded, so
that doubles hold every amount to many digits."""

import dataclasses

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOATS = {TensorProto.FLOAT: np.float32, TensorProto.DOUBLE: np.float64, TensorProto.FLOAT16: np.float16}

# Names that formats, shells and our own naming could stumble over.
NAMES = ["input.1", "x:0", "15", "/0/Gemm", "a=b", "größe", "名前", "z0", "h0", "m0", "v0", "x.p", "x.0.p", "y_out",
         "x__p", "with space", 'quo"te', "it's", "back\\slash", "@input", "-", "e1", "nan", "1e5", "a[1]", "%s", "$v", "time",
         "compartment", "k", "_", "__init__", "S", "c", "volume", "#3", "x -> y", "a+b", "null", "x,y", "<b>&amp;", "tab\there",
         "../up", "z0.0.p", "y.npz:x", "model", "species", "end", "begin", "s1", "R1", "pi", "x*", "!"]


@dataclasses.dataclass
class Value:
    """A computed tensor: its name and its shape with a batch of 1."""
    name: str
    shape: tuple

    @property
    def size(self):
        return int(np.prod(self.shape))


@dataclasses.dataclass
class RandomModel:
    """A model, the case inputs, and what each output holds before its head."""
    proto: onnx.ModelProto
    inputs: dict  # name -> array [cases, ...]
    shapes: dict  # input name -> shape of one case with its batch of 1
    before_head: dict  # output name -> name of the tensor that the port shows
    outside: str  # "", "one" or "each": external data


class Builder:
    """Grows one model, node by node."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.opset, self.ir = self.one_of(range(7, 29)), self.one_of(range(3, 13))
        self.type = self.one_of([TensorProto.FLOAT] * 3 + [TensorProto.DOUBLE, TensorProto.FLOAT16])
        self.names = [str(n) for n in self.rng.permutation(NAMES)] if self.chance(0.5) else []
        self.storage = self.one_of(["raw", "typed", "mixed", "node"])
        self.nodes, self.initializers, self.listed, self.count = [], [], [], 0
        self.values = []  # computed tensors that later nodes may read

    def one_of(self, options):
        options = list(options)
        return options[self.rng.integers(len(options))]

    def chance(self, p):
        return self.rng.random() < p

    def name(self, hint):
        self.count += 1
        return self.names.pop() if self.names else f"{hint}_{self.count}"

    # --- constants ---

    def constant(self, array, element=None):
        """The name of a constant, stored in one of the forms that there are."""
        element = element or self.type
        array = np.asarray(array, FLOATS.get(element, np.int64))
        form = self.one_of(["raw", "typed", "node"]) if self.storage == "mixed" else self.storage
        name = self.name("w")
        tensor = (helper.make_tensor(name, element, array.shape, array.ravel()) if form == "typed"
                  else numpy_helper.from_array(array, name))
        if form == "node":
            attributes = {"value": tensor}
            if self.opset >= 12 and array.ndim == 1 and element == TensorProto.INT64:
                attributes = {"value_ints": array.tolist()}
            elif self.opset >= 12 and array.ndim == 0 and element == TensorProto.FLOAT:
                attributes = {"value_float": float(array)}
            self.nodes.append(helper.make_node("Constant", [], [name], **attributes))
        else:
            self.initializers.append(tensor)
            # Before IR version 4 every initializer had to be an input as well.
            if self.ir < 4 or self.chance(0.2):
                self.listed.append(helper.make_tensor_value_info(name, element, array.shape))
        if self.chance(0.1) and element == self.type:
            name = self.node("Identity", [name])
        return name

    def weights(self, rows, columns, scale=1.0):
        """A ternary matrix over `scale`, some rows and columns of it zero."""
        budget = max(1, int(self.fan_in))
        w = np.zeros((rows, columns))
        for row in w:
            at = self.rng.permutation(columns)[:self.rng.integers(0, budget + 1)]
            row[at] = self.rng.choice([-1.0, 1.0], len(at))
        if self.chance(0.2):
            w[:, self.rng.integers(columns)] = 0
        if self.chance(0.05):
            w[:] = 0
        return w / scale

    def bias(self, *shape):
        b = self.rng.normal(size=shape) * 10 ** self.rng.uniform(-3, 2)
        return np.where(self.rng.random(shape) < 0.3, 0, np.round(b, 3) if self.chance(0.5) else b)

    # --- nodes ---

    def node(self, op, inputs, **attributes):
        out = self.name(op.lower())
        self.nodes.append(helper.make_node(op, inputs, [out], name=self.one_of(["", f"{op}_{self.count}"]), **attributes))
        return out

    def computed(self, name, shape):
        value = Value(name, tuple(int(n) for n in shape))
        self.values.append(value)
        return value

    def reshape(self, x, shape):
        """A Reshape to `shape`, extents given, copied by 0, or left to be found."""
        wanted = list(shape)
        for i, n in enumerate(shape):
            if i < len(x.shape) and x.shape[i] == n and self.chance(0.3):
                wanted[i] = 0
        if self.chance(0.4):
            wanted[self.one_of(range(len(wanted)))] = -1
        return self.computed(self.node("Reshape", [x.name, self.constant(wanted, TensorProto.INT64)]), shape)

    def flatten(self, x):
        axis = int(self.rng.integers(len(x.shape) + 1))
        shape = (int(np.prod(x.shape[:axis])), int(np.prod(x.shape[axis:])))
        attributes = {} if axis == 1 and self.chance(0.5) else {"axis": axis}
        if self.opset >= 11 and 0 < axis < len(x.shape) and self.chance(0.5):
            attributes = {"axis": axis - len(x.shape)}
        return self.computed(self.node("Flatten", [x.name], **attributes), shape)

    def row(self, x):
        """x as a matrix of one row, which is what a layer reads."""
        if len(x.shape) == 2 and x.shape[0] == 1:
            return x
        if len(x.shape) > 1 and x.shape[0] == 1 and self.chance(0.5):
            return self.computed(self.node("Flatten", [x.name]), (1, x.size))
        return self.reshape(x, (1, x.size))

    def move(self, x):
        """Something that changes no number."""
        kind = self.one_of(["identity", "dropout", "reshape", "flatten"])
        if kind == "identity":
            return self.computed(self.node("Identity", [x.name]), x.shape)
        if kind == "reshape":
            divisors = [n for n in range(1, x.size + 1) if x.size % n == 0]
            n = self.one_of(divisors)
            return self.reshape(x, self.one_of([(x.size,), (1, n, x.size // n), (1, x.size // n, n), (1, 1, x.size)]))
        if kind == "flatten":
            return self.flatten(x)
        if self.opset < 12:
            return self.computed(self.node("Dropout", [x.name], ratio=0.3), x.shape)
        ratio = self.constant(0.3, TensorProto.FLOAT) if self.chance(0.5) else ""
        return self.computed(self.node("Dropout", [x.name, ratio] if ratio else [x.name]), x.shape)

    def gemm(self, x, width):
        x = self.row(x)
        alpha, beta = self.one_of([1.0, 1.0, 0.5, -1.0, 2.0]), self.one_of([1.0, 1.0, 0.25, -3.0, 0.0])
        w, attributes = self.weights(width, x.size, alpha), {}
        if self.chance(0.5):
            attributes["transB"] = 1
        else:
            w = w.T
        if alpha != 1:
            attributes["alpha"] = alpha
        inputs = [x.name, self.constant(w)]
        shape = self.one_of([None, (), (1,), (width,), (width,), (1, width), (1, 1)])
        same = [v for v in self.values if v.shape in ((1, width), (width,))]
        if same and self.chance(0.15):  # C may be computed too
            inputs.append(self.one_of(same).name)
            beta = self.one_of([1.0, -1.0])
        elif shape is not None or self.opset < 11:
            inputs.append(self.constant(self.bias(*(shape or ()))))
        if beta != 1:
            attributes["beta"] = beta
        return self.computed(self.node("Gemm", inputs, **attributes), (1, width))

    def left_gemm(self, x, width):
        """Weights on the left, of a column."""
        x = self.reshape(x, (x.size, 1))
        w, attributes = self.weights(width, x.size), {}
        if self.chance(0.5):
            w, attributes["transA"] = w.T, 1
        c = self.bias(*self.one_of([(), (1,), (width, 1), (1, 1)]))
        return self.computed(self.node("Gemm", [self.constant(w), x.name, self.constant(c)], **attributes), (width, 1))

    def repeat(self, x):
        """A sum with a constant of more rows or axes, which repeats x."""
        rows = self.one_of([2, 3])
        shape = self.one_of([(rows, *x.shape[1:]), (1, rows, *[1] * (len(x.shape) - 1), 1)]) if x.shape[0] == 1 else (1, *x.shape)
        return self.add(x, self.constant(self.bias(*shape)), np.broadcast_shapes(x.shape, shape))

    def matmul(self, x, width):
        kind = self.one_of(["right", "right", "left", "vector", "stack"])
        if kind == "left":
            x = self.reshape(x, (x.size, 1))
            shape, y = (width, 1), self.node("MatMul", [self.constant(self.weights(width, x.size)), x.name])
        elif kind == "vector":
            x = self.reshape(x, (x.size,))
            w = self.weights(width, x.size)
            if self.chance(0.5):
                shape, y = (width,), self.node("MatMul", [x.name, self.constant(w.T)])
            else:
                shape, y = (width,), self.node("MatMul", [self.constant(w), x.name])
        elif kind == "stack":
            # Every slice of x meets a matrix of its own, or all the same one.
            n = self.one_of([n for n in range(1, x.size + 1) if x.size % n == 0])
            x, width = self.reshape(x, (1, n, 1, x.size // n)), max(1, width // n)
            w = np.stack([self.weights(width, x.size // n).T for _ in range(n)])
            w = w[0] if self.chance(0.3) else w
            shape, y = (1, n, 1, width), self.node("MatMul", [x.name, self.constant(w)])
        else:
            x = self.row(x)
            shape, y = (1, width), self.node("MatMul", [x.name, self.constant(self.weights(width, x.size).T)])
        out = self.computed(y, shape)
        if self.chance(0.7):
            out = self.add(out, self.constant(self.bias(*self.one_of([(), (1,), shape, shape, shape]))), shape)
        return out

    def add(self, x, other, shape):
        return self.computed(self.node("Add", [x.name, other][::self.one_of([1, -1])]), shape)

    def residual(self, x):
        """A sum with an earlier tensor, itself, or a broadcast one."""
        near = [v for v in self.values if v.shape == x.shape or v.size == 1]
        other = self.one_of(near)
        return self.add(x, other.name, np.broadcast_shapes(x.shape, other.shape))

    def relu(self, x):
        return self.computed(self.node("Relu", [x.name]), x.shape)

    def step(self, x, width):
        kind = self.one_of(["gemm"] * 4 + ["matmul"] * 4 + ["relu"] * 5 + ["move"] * 4 + ["residual"] * 2 + ["constant", "bias", "repeat", "left_gemm"])
        if kind == "repeat" and x.size > 64:
            kind = "relu"
        if kind in ("gemm", "matmul", "left_gemm"):
            return getattr(self, kind)(x, width)
        if kind == "bias":
            return self.add(x, self.constant(self.bias(*x.shape)), x.shape)
        if kind == "constant":  # a sum with a constant that went through a ReLU
            c = self.node("Relu", [self.constant(self.bias(*x.shape))])
            return self.add(x, c, x.shape)
        return getattr(self, kind)(x)

    def join(self, a, b):
        """Two inputs meet: layers to the same width, then their sum."""
        width = int(self.rng.integers(1, 9))
        a, b = self.gemm(a, width), self.gemm(b, width)
        return self.add(a, b.name, (1, width))

    # --- the whole ---

    def make_input(self):
        n = int(self.one_of([1, 2, 3, 4, 8, 16, 64]))
        shape = self.one_of([(1, n), (1, n), (1, n), (1, n), (n,), (1, 1, n), (1, 1, 4, n), (1, 2, 2, 2)])
        declared = list(shape)
        if len(shape) > 1:
            declared[0] = self.one_of([1, "N", "batch size", None, 0])
        x = self.computed(self.name("x"), shape)
        return x, helper.make_tensor_value_info(x.name, self.type, declared)

    def head(self, x):
        """A Softmax or ArgMax over the last axis, where there is one to speak of."""
        if not x.shape or x.shape[-1] != x.size or x.size == 1:
            return x
        op = self.one_of(["Softmax", "LogSoftmax", "ArgMax", "Softmax", "ArgMax"])
        axis = len(x.shape) - 1
        attributes = {"axis": axis - len(x.shape) if self.opset >= 11 and self.chance(0.5) else axis}
        if op == "ArgMax" and self.chance(0.5):
            attributes["keepdims"] = int(self.rng.integers(2))
        shape = x.shape
        if op == "ArgMax":
            shape = x.shape[:-1] + ((1,) if attributes.get("keepdims", 1) else ())
        return Value(self.node(op, [x.name], **attributes), shape)

    def build(self):
        layers = int(self.rng.integers(1, 9))
        # The product of all rows' lengths stays below 10^6.
        self.fan_in = max(2, min(24, 10 ** (6 / layers)))
        inputs, declared = zip(*[self.make_input() for _ in range(self.one_of([1, 1, 1, 2, 3]))])
        x = inputs[0]
        for other in inputs[1:]:
            if self.chance(0.8):  # otherwise an input that nothing reads
                x = self.join(x, other)
        made = 0
        while made < layers:
            width = int(self.rng.integers(1, 65 if self.chance(0.2) else 13))
            x = self.step(x, width)
            made += self.nodes[-1].op_type in ("Gemm", "MatMul", "Add")
        outputs = {}
        ends = [x] + [self.one_of(self.values) for _ in range(self.one_of([0, 0, 1, 2]))]
        for end in ends:
            final = self.head(end) if self.chance(0.25) else end
            outputs.setdefault(final.name, (final, end))
        if self.chance(0.1):  # unused things
            self.constant(self.bias(3))
            self.node("Relu", [x.name])
        return self.model(declared, outputs, inputs)

    def model(self, declared, outputs, inputs):
        infos = []
        winners = {n.output[0] for n in self.nodes if n.op_type == "ArgMax"}
        for final, _ in outputs.values():
            element = TensorProto.INT64 if final.name in winners else self.type
            infos.append(helper.make_tensor_value_info(final.name, element, final.shape))
        graph = helper.make_graph(self.nodes, self.one_of(["g", "main graph", "torch-jit-export"]), list(declared) + self.listed,
                                  infos, self.initializers)
        proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=self.ir)
        cases = 6
        data = {v.name: self.cases(v.shape, cases) for v in inputs}
        before = {name: end.name for name, (_, end) in outputs.items()}
        outside = self.one_of(["", "", "one", "each"]) if self.initializers else ""
        return RandomModel(proto, data, {v.name: v.shape for v in inputs}, before, outside)

    def cases(self, shape, count):
        """Ordinary, negative, zero, large and small values."""
        size = shape[1:] if len(shape) > 1 or shape == (1,) else shape
        x = self.rng.normal(size=(count, *size))
        x[1] = -np.abs(x[1])
        x[2] = 0
        x[3] *= 1e4
        x[4] *= 1e-4
        x[5] = np.round(x[5] * 4)
        return x.astype(np.float32).astype(np.float64)


def random_model(seed):
    return Builder(seed).build()
