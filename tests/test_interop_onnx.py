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
    [("to_onnx", "onnx", "onnx"), ("to_torch", "torch", "torch"), ("MinNormDenoiser", "sklearn", "sklearn")],
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
