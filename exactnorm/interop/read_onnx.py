"""Networks out of ONNX models.

The graph is followed from its input: every value on the way is an affine map of the input and of the ReLUs behind it,
or a constant. What is read must agree with ONNX's own reference implementation on random inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from exactnorm.arrays import Array, what_is
from exactnorm.interop.agreement import disagreement, probes
from exactnorm.network import ReLUNetwork

PRECISION: dict[int, Any] = {onnx.TensorProto.DOUBLE: np.float64, onnx.TensorProto.FLOAT: np.float32}
SAME = ("Identity", "Cast", "Dropout", "Flatten")
"""What leaves the rows (m, d) of a batch as they are; the test on random inputs finds out if it did not."""
READ = ("MatMul", "Gemm", "Add", "Sub", "Neg", "Mul", "Relu", "Transpose", "Constant", *SAME)


@dataclass(frozen=True)
class Form:
    """A value of the graph, rows y V + Σ_k [y·w_k + b_k]_+ a_k + c; `ramps` holds a column for every ReLU so far."""

    V: Array
    ramps: Array
    c: Array


def from_onnx(model: onnx.ModelProto | str | PathLike[str]) -> ReLUNetwork:
    """The network that an ONNX model holds.

    Parameters
    ----------
    model : onnx.ModelProto or path
        With one input (m, d) and one output (m, q) in float32 or float64, made of dense layers (MatMul, Gemm, Add, Sub,
        Mul by numbers) and ReLUs no two of which lie one behind the other; a bypass is read as well. What `to_onnx`
        wrote comes back bit for bit.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError
        If it is neither a model nor a path.
    ValueError
        If the file is no ONNX model, the model is not of that kind, with the node that is not, or the network read
        does not agree with it.
    """
    model = _loaded(model)
    graph = model.graph
    constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    inputs = [one for one in graph.input if one.name not in constants]
    if len(inputs) != 1 or len(graph.output) != 1:
        msg = f"the model has {len(inputs)} inputs and {len(graph.output)} outputs; give one of each, y and h(y)"
        raise ValueError(msg)
    network = _followed(graph, constants, inputs[0])
    y = probes(network)
    dtype = PRECISION.get(inputs[0].type.tensor_type.elem_type, np.float32)
    y = y.astype(dtype).astype(np.float64)
    reference: Any = ReferenceEvaluator(model)
    values = reference.run(None, {inputs[0].name: y.astype(dtype)})[0]
    precision = max(float(np.finfo(one).eps) for one in (y.astype(dtype).dtype, values.dtype))
    off, rounding = disagreement(network, y, np.asarray(values, dtype=np.float64), precision)
    if not off <= rounding:
        msg = f"the network read differs from the model's own values by {off:.2g} on random inputs"
        raise ValueError(msg)
    return network


def _loaded(model: Any) -> onnx.ModelProto:
    if isinstance(model, onnx.ModelProto):
        return model
    if not isinstance(model, str | PathLike):
        msg = f"model is {what_is(model)}; give an onnx.ModelProto, or the path of a .onnx file"
        raise TypeError(msg)
    try:
        loaded = onnx.load(fspath(model))
        onnx.checker.check_model(loaded)
    except OSError:
        raise
    except Exception as failed:  # readers of three formats and the checker, each with errors of its own
        msg = f"{fspath(model)!r} is no ONNX model: {str(failed).splitlines()[0] if str(failed) else failed!r}"
        raise ValueError(msg) from failed
    return loaded


def _followed(graph: onnx.GraphProto, constants: dict[str, NDArray[Any]], given: onnx.ValueInfoProto) -> ReLUNetwork:
    shape = [one.dim_value for one in given.type.tensor_type.shape.dim]
    d = shape[-1] if shape else 0
    if len(shape) != 2 or d < 1:
        msg = f"the model's input {given.name!r} has shape {tuple(shape)} (0: not fixed); give one of shape (m, d)"
        raise ValueError(msg)
    kinks: list[tuple[Array, Array]] = []  # (w, b), some neurons each
    values: dict[str, Form | Array] = {name: np.asarray(one, dtype=np.float64) for name, one in constants.items()}
    values[given.name] = Form(np.eye(d), np.zeros((0, d)), np.zeros(d))
    for node in graph.node:
        try:
            values[node.output[0]] = _value(node, [values[name] for name in node.input if name], kinks)
        except (KeyError, ValueError, IndexError, AttributeError) as failed:
            reason = failed if isinstance(failed, ValueError) and str(failed) else "not as a dense layer has it"
            msg = (
                f"the node {node.name or node.output[0]!r} ({node.op_type}) is no part of a two-layer ReLU network "
                f"({reason}); from_onnx reads {', '.join(READ)}"
            )
            raise ValueError(msg) from failed
    h = values[graph.output[0].name]
    if not isinstance(h, Form):
        msg = "the model's output does not depend on its input"
        raise ValueError(msg)
    a = _padded(h.ramps, sum(len(b) for _, b in kinks))
    w = np.vstack([np.zeros((0, d)), *(w for w, _ in kinks)])
    b = np.concatenate([np.zeros(0), *(b for _, b in kinks)])
    return ReLUNetwork(a, w, b, h.V.T if h.V.any() else None, h.c)


def _value(node: onnx.NodeProto, inputs: list[Form | Array], kinks: list[tuple[Array, Array]]) -> Form | Array:
    """The value of a node."""
    options = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    kind = node.op_type
    if kind == "Constant":
        return np.asarray(numpy_helper.to_array(options["value"]), dtype=np.float64)
    if kind == "Transpose" and not isinstance(inputs[0], Form):
        return np.transpose(inputs[0], options.get("perm"))
    if kind in SAME:
        return inputs[0]
    if kind == "Relu" and isinstance(inputs[0], Form):
        return _bent(inputs[0], kinks)
    if kind == "Neg":
        return _mapped(inputs[0], lambda one: -one)
    if kind in ("Add", "Sub"):
        return _sum(inputs[0], inputs[1], 1.0 if kind == "Add" else -1.0)
    if kind == "Mul":
        form, number = inputs if isinstance(inputs[0], Form) else inputs[::-1]
        return _scaled(form, number)
    if kind == "MatMul":
        return _times(inputs[0], inputs[1])
    if kind == "Gemm" and not options.get("transA", 0):
        weight = inputs[1].T if options.get("transB", 0) and not isinstance(inputs[1], Form) else inputs[1]
        product = _scaled(_times(inputs[0], weight), np.asarray(float(options.get("alpha", 1.0))))
        if len(inputs) < 3:
            return product
        return _sum(product, _scaled(inputs[2], np.asarray(float(options.get("beta", 1.0)))), 1.0)
    raise ValueError


def _bent(form: Form, kinks: list[tuple[Array, Array]]) -> Form:
    """New neurons, one for each column of the form."""
    if form.ramps.any():
        msg = "a ReLU behind a ReLU"
        raise ValueError(msg)
    before, new = sum(len(b) for _, b in kinks), len(form.c)
    kinks.append((form.V.T, form.c))
    return Form(np.zeros_like(form.V), np.vstack([np.zeros((before, new)), np.eye(new)]), np.zeros(new))


def _mapped(value: Form | Array, change: Callable[[Array], Array]) -> Form | Array:
    return Form(*(change(one) for one in (value.V, value.ramps, value.c))) if isinstance(value, Form) else change(value)


def _scaled(value: Form | Array, numbers: Form | Array) -> Form | Array:
    """Columns times numbers, one for all or one each."""
    if isinstance(numbers, Form):
        msg = "a product of two values that both depend on the input"
        raise ValueError(msg)
    flat = numbers if not isinstance(value, Form) else numbers.reshape(-1)
    return value if np.all(numbers == 1) else _mapped(value, lambda one: np.asarray(one * flat))


def _times(value: Form | Array, weight: Form | Array) -> Form | Array:
    if isinstance(weight, Form):
        msg = "the input is multiplied from the left"
        raise ValueError(msg)
    return _mapped(value, lambda one: np.asarray(one @ weight))


def _sum(first: Form | Array, second: Form | Array, sign: float) -> Form | Array:
    if not isinstance(first, Form):
        if not isinstance(second, Form):
            return np.asarray(first + sign * second)
        first = _constant(first, second)
    one, other = first, second if isinstance(second, Form) else _constant(second, first)
    count = max(len(one.ramps), len(other.ramps))
    ramps = _padded(one.ramps, count) + sign * _padded(other.ramps, count)
    return Form(one.V + sign * other.V, ramps, one.c + sign * other.c)


def _constant(row: Array, beside: Form) -> Form:
    """A constant row as a form of the shape of what it is added to."""
    V, ramps, c = beside.V, beside.ramps, beside.c
    return Form(np.zeros_like(V), np.zeros_like(ramps), np.broadcast_to(row.reshape(-1), c.shape))


def _padded(ramps: Array, count: int) -> Array:
    return np.vstack([ramps, np.zeros((count - len(ramps), ramps.shape[1]))])
