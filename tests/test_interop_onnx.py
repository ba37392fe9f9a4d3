"""ONNX models give the network's values in another runtime."""

import subprocess
import sys

import numpy as np
import pytest

from exactnorm import ReLUNetwork, interop, min_norm_denoiser, problems

onnxruntime = pytest.importorskip("onnxruntime")


def run(model, y):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["h"], {"y": y})[0]


@pytest.fixture
def with_skip():
    rng = np.random.default_rng(0)
    return ReLUNetwork(
        *(rng.standard_normal(shape) for shape in ((4, 3), (4, 3), 4)), rng.standard_normal((3, 3)), np.ones(3)
    )


def test_values_agree_to_rounding_with_and_without_a_skip_connection(with_skip):
    plain = min_norm_denoiser(problems.acute().train).network
    for network in (plain, with_skip):
        y = np.random.default_rng(1).standard_normal((50, network.dimension))
        value = run(interop.to_onnx(network), y)
        assert value.dtype == np.float64
        assert np.abs(value - network(y)).max() < 1e-13 * np.abs(network(y)).max()


def test_float32_models_agree_to_single_precision(with_skip):
    y = np.random.default_rng(2).standard_normal((50, 3)).astype(np.float32)
    value = run(interop.to_onnx(with_skip, dtype=np.float32), y)
    assert value.dtype == np.float32
    assert np.abs(value - with_skip(y)).max() < 1e-5 * np.abs(with_skip(y)).max()


def test_the_file_holds_the_same_model(with_skip, tmp_path):
    model = interop.to_onnx(with_skip, tmp_path / "denoiser.onnx")
    assert (tmp_path / "denoiser.onnx").read_bytes() == model.SerializeToString()


def test_another_dtype_is_refused(with_skip):
    with pytest.raises(ValueError, match="float64 or float32"):
        interop.to_onnx(with_skip, dtype=np.int64)


@pytest.mark.parametrize(
    ("name", "library", "extra"),
    [
        ("to_onnx", "onnx", "onnx"),
        ("from_onnx", "onnx", "onnx"),
        ("from_torch", "torch", "torch"),
        ("to_torch", "torch", "torch"),
        ("MinNormDenoiser", "sklearn", "sklearn"),
    ],
)
def test_without_the_library_the_error_names_the_extra(name, library, extra):
    code = f"import sys; sys.modules[{library!r}] = None; from exactnorm import interop; interop.{name}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith(f"pip install 'exactnorm[{extra}]'")


@pytest.mark.parametrize(("inputs", "outputs"), [(3, 1), (2, 5)])
def test_a_network_with_other_outputs_than_inputs_has_their_shape_and_its_values(inputs, outputs):
    rng = np.random.default_rng(3)
    a, w, b, V, c = (rng.standard_normal(s) for s in ((4, outputs), (4, inputs), 4, (outputs, inputs), outputs))
    y = rng.standard_normal((20, inputs))
    for network in (ReLUNetwork(a, w, b, None, c), ReLUNetwork(a, w, b, V, c)):
        model = interop.to_onnx(network)
        shape = model.graph.output[0].type.tensor_type.shape.dim
        assert (shape[0].dim_param, shape[1].dim_value) == ("m", outputs)
        np.testing.assert_allclose(run(model, y), network(y), rtol=0, atol=1e-13)


@pytest.mark.parametrize(("d", "q", "K"), [(3, 3, 4), (2, 5, 1), (1, 1, 0)])
@pytest.mark.parametrize("skip", [True, False])
def test_what_was_written_comes_back_bit_for_bit(tmp_path, d, q, K, skip):
    rng = np.random.default_rng(4)
    a, w, b, V, c = (rng.standard_normal(s) for s in ((K, q), (K, d), K, (q, d), q))
    network = ReLUNetwork(a, w, b, V if skip else None, c)
    interop.to_onnx(network, tmp_path / "network.onnx")
    for source in (interop.to_onnx(network), tmp_path / "network.onnx", str(tmp_path / "network.onnx")):
        back = interop.from_onnx(source)
        for name in ("a", "w", "b", "c"):
            assert np.array_equal(getattr(back, name), getattr(network, name))
        assert np.array_equal(back.V, V) if skip else back.V is None
    single = interop.from_onnx(interop.to_onnx(network, dtype=np.float32))
    assert np.array_equal(single.w, w.astype(np.float32))


def model(*nodes, d=2, q=2, dtype=np.float32, shape=None, **weights):
    """A model of these nodes (operation, inputs, output, options) with `y` as input and `h` as output."""
    from onnx import helper, numpy_helper

    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    made = [
        helper.make_node(op, names.split(), [out], name=out, **(rest[0] if rest else {}))
        for op, names, out, *rest in nodes
    ]
    y = helper.make_tensor_value_info("y", kind, ["m", d] if shape is None else shape)
    h = helper.make_tensor_value_info("h", kind, ["m", q])
    constants = [numpy_helper.from_array(np.asarray(one, dtype=dtype), name) for name, one in weights.items()]
    graph = helper.make_graph(made, "g", [y], [h], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


W, B = np.array([[1.0, -2.0], [0.5, 1.0], [-1.0, 3.0]]), np.array([0.25, -1.0, 0.5])
A, C = np.array([[1.0, 2.0, -1.0], [0.5, -3.0, 1.0]]), np.array([2.0, -1.0])
MODELS = {
    "as PyTorch exports it": (
        [("Gemm", "y W B", "t", {"transB": 1}), ("Relu", "t", "r"), ("Gemm", "r A C", "h", {"transB": 1})],
        lambda y, r: 0 * y + r @ A.T + C,
    ),
    "residual": (
        [
            ("Gemm", "y W B", "t", {"transB": 1}), ("Relu", "t", "r"), ("Gemm", "r A C", "f", {"transB": 1}),
            ("Sub", "y f", "h"),
        ],
        lambda y, r: y - (r @ A.T + C),
    ),
    "a bypass, numbers and a transposed weight": (
        [
            ("Transpose", "W", "WT", {"perm": [1, 0]}), ("MatMul", "y WT", "p"), ("Add", "B p", "t"),
            ("Relu", "t", "r"),
            ("Gemm", "r A C", "f", {"transB": 1, "alpha": 2.0, "beta": 0.5}), ("Mul", "f C", "g"),
            ("Gemm", "y V", "v"), ("Neg", "v", "n"), ("Add", "g n", "h"),
        ],
        lambda y, r: (2 * r @ A.T + 0.5 * C) * C - y @ W[:2],
    ),
    "two layers side by side": (
        [
            ("Gemm", "y W B", "t", {"transB": 1}), ("Relu", "t", "r"), ("Gemm", "r A C", "f", {"transB": 1}),
            ("Relu", "y", "s"), ("Dropout", "s", "u"), ("Add", "u f", "h"),
        ],
        lambda y, r: np.maximum(y, 0) + r @ A.T + C,
    ),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MODELS)
def test_dense_layers_and_relus_are_read_from_any_graph_of_them(name, dtype):
    nodes, value = MODELS[name]
    network = interop.from_onnx(model(*nodes, dtype=dtype, W=W, B=B, A=A, C=C, V=W[:2]))
    y = 3 * np.random.default_rng(5).standard_normal((50, 2))
    expected = value(y, np.maximum(y @ W.T + B, 0))
    # All weights are exact in single precision.
    assert np.abs(network(y) - expected).max() < 1e-13 * np.abs(expected).max()


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([("Gemm", "y W B", "t", {"transB": 1}), ("Relu", "t", "r"), ("Gemm", "r A C", "f", {"transB": 1}),
          ("Relu", "f", "h")], r"node 'h' \(Relu\) is no part .*a ReLU behind a ReLU"),
        ([("Gemm", "y W B", "t", {"transB": 1}), ("LeakyRelu", "t", "r"), ("Gemm", "r A C", "h", {"transB": 1})],
         r"node 'r' \(LeakyRelu\) is no part"),
        ([("Sigmoid", "y", "r"), ("Mul", "r y", "h")], r"\(Sigmoid\) is no part .* from_onnx reads MatMul, Gemm"),
        ([("Mul", "y y", "h")], "both depend on the input"),
        ([("Add", "C C", "c"), ("Identity", "c", "h")], "does not depend on its input"),
    ],
)  # fmt: skip
def test_a_model_of_another_kind_is_refused_with_the_node_that_is_not(nodes, message):
    with pytest.raises(ValueError, match=message):
        interop.from_onnx(model(*nodes, W=W, B=B, A=A, C=C))


def test_a_graph_that_was_misread_is_caught_by_its_own_values(monkeypatch):
    from exactnorm.interop import read_onnx

    nodes, _ = MODELS["as PyTorch exports it"]
    monkeypatch.setattr(read_onnx, "SAME", ("Relu",))
    with pytest.raises(ValueError, match="differs from the model's own values by"):
        interop.from_onnx(model(*nodes, W=W, B=B, A=A, C=C))


def test_what_is_no_model_is_told_so(tmp_path):
    with pytest.raises(ValueError, match=r"input 'y' has shape \(0, 1, 2, 2\).*give one of shape \(m, d\)"):
        interop.from_onnx(model(("Flatten", "y", "h"), d=4, q=4, shape=["m", 1, 2, 2]))
    (tmp_path / "points.csv").write_text("0,0\n1,0\n")
    with pytest.raises(ValueError, match="is no ONNX model"):
        interop.from_onnx(tmp_path / "points.csv")
    with pytest.raises(FileNotFoundError):
        interop.from_onnx(tmp_path / "nothing.onnx")
    for wrong in (None, np.eye(2), 3):
        with pytest.raises(TypeError, match=r"give an onnx\.ModelProto, or the path"):
            interop.from_onnx(wrong)


def test_a_denoiser_is_taken_for_its_network():
    denoiser = min_norm_denoiser(problems.acute().train)
    assert interop.to_onnx(denoiser) == interop.to_onnx(denoiser.network)
    with pytest.raises(TypeError, match=r"read by exactnorm\.load\(file\)"):
        interop.to_onnx("denoiser.npz")
