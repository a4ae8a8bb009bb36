"""What an ONNX runtime makes of a model, in double precision.

Networks compute with doubles, and a float32 runtime would differ by its own
rounding. So the model is rewritten: the same nodes on the same numbers, each of
them a double."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)
HEADS = ("Softmax", "LogSoftmax", "ArgMax")


def widen(tensor):
    """A tensor of floats as one of doubles; others as they are."""
    if tensor.data_type not in FLOATS:
        return tensor
    return numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name)


def in_double(model):
    """The model as a RandomModel's reference: doubles, a batch of 1, outputs
    before their heads."""
    wide = onnx.ModelProto()
    wide.CopyFrom(model.proto)
    # Before 4 initializers must be inputs; what is newer a runtime may not know
    # yet, and no operator that is used here has changed its meaning.
    wide.ir_version = min(max(wide.ir_version, 4), 10)
    wide.opset_import[0].version = min(wide.opset_import[0].version, 21)
    graph = wide.graph
    constants = [widen(t) for t in graph.initializer]
    names = {t.name for t in constants}
    nodes = []
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            value = widen(node.attribute[0].t)
            node = helper.make_node("Constant", [], node.output, value=value)
        elif node.op_type == "Constant" and node.attribute[0].name == "value_float":
            value = numpy_helper.from_array(np.float64(node.attribute[0].f).reshape(()), "")
            node = helper.make_node("Constant", [], node.output, value=value)
        if node.op_type not in HEADS:
            nodes.append(node)
    inputs = [helper.make_tensor_value_info(v.name, TensorProto.DOUBLE, model.shapes[v.name])
              for v in graph.input if v.name not in names]
    # Each output under a name of its own, so that it may be an input too.
    outputs = []
    for i, before in enumerate(model.before_head.values()):
        nodes.append(helper.make_node("Identity", [before], [f"reference output {i}"]))
        outputs.append(helper.make_tensor_value_info(f"reference output {i}", TensorProto.DOUBLE, None))
    graph = helper.make_graph(nodes, "reference", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=wide.opset_import, ir_version=wide.ir_version)


def session(model_or_path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # As written: an optimiser would reorder sums.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if isinstance(model_or_path, onnx.ModelProto):
        model_or_path = model_or_path.SerializeToString()
    return onnxruntime.InferenceSession(model_or_path, options, providers=["CPUExecutionProvider"])


def expected(model):
    """Outputs by name, one row a case."""
    runtime = session(in_double(model))
    cases = len(next(iter(model.inputs.values())))
    rows = []
    for case in range(cases):
        feed = {name: x[case].reshape(model.shapes[name]) for name, x in model.inputs.items()}
        rows.append([y.ravel() for y in runtime.run(None, feed)])
    return {name: np.array([row[i] for row in rows]) for i, name in enumerate(model.before_head)}
