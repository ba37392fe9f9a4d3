"""Networks as ONNX models."""

from __future__ import annotations

from os import PathLike

import numpy as np
import onnx
from numpy.typing import DTypeLike
from onnx import TensorProto, helper, numpy_helper

from exactnorm.network import HasNetwork, ReLUNetwork, network_of


def to_onnx(
    network: ReLUNetwork | HasNetwork, file: str | PathLike[str] | None = None, dtype: DTypeLike = np.float64
) -> onnx.ModelProto:
    """The network as an ONNX model with input ``y``, of shape (m, d), and output ``h``, of shape (m, q).

    Parameters
    ----------
    network : ReLUNetwork or CertifiedDenoiser
    file : str or path, optional
        Where to write the model as well.
    dtype : float64 or float32
        Of weights, input and output; float32 rounds the weights.

    Returns
    -------
    onnx.ModelProto
        Checked by ONNX's own checker. Opset 17.

    Raises
    ------
    ValueError
        If the dtype is neither.
    TypeError
        If `network` is none.
    """
    network = network_of(network)
    dtype = np.dtype(dtype)
    kinds = {np.dtype(np.float64): TensorProto.DOUBLE, np.dtype(np.float32): TensorProto.FLOAT}
    if dtype not in kinds:
        msg = f"dtype={dtype}: an ONNX model is made with float64 or float32"
        raise ValueError(msg)
    weights = {"wT": network.w.T, "b": network.b, "a": network.a, "c": network.c}
    nodes = [
        helper.make_node("MatMul", ["y", "wT"], ["wy"]),
        helper.make_node("Add", ["wy", "b"], ["before"]),
        helper.make_node("Relu", ["before"], ["after"]),
        helper.make_node("MatMul", ["after", "a"], ["ramps"]),
        helper.make_node("Add", ["ramps", "c"], ["h" if network.V is None else "curved"]),
    ]
    if network.V is not None:
        weights["VT"] = network.V.T
        nodes += [helper.make_node("MatMul", ["y", "VT"], ["Vy"]), helper.make_node("Add", ["curved", "Vy"], ["h"])]
    initial = [numpy_helper.from_array(np.ascontiguousarray(v, dtype=dtype), name) for name, v in weights.items()]
    y, h = (
        helper.make_tensor_value_info(name, kinds[dtype], ["m", size])
        for name, size in (("y", network.dimension), ("h", network.outputs))
    )
    graph = helper.make_graph(nodes, "minimum_norm_denoiser", [y], [h], initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    if file is not None:
        onnx.save(model, str(file))
    return model
