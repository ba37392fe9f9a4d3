"""Training with weight decay leaves neurons of hardly any weights, with kinks too far out to draw or to divide by."""

import math

import numpy as np
import pytest
from matplotlib.lines import AxLine

from exactnorm import ReLUNetwork, compare, interop, min_norm_denoiser, plot, score_flow
from exactnorm.cli.pictures import write_comparison

POINTS = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.4, 0.9, 0.0]])
WEIGHTS = [0.0, 5e-324, 1e-160, 1e-27]


def with_a_decayed_neuron(d, weight):
    """A network of neurons that are well on their way, and one of which the input weights have decayed."""
    rng = np.random.default_rng(d)
    a, w, b = 0.1 * rng.standard_normal((4, d)), rng.standard_normal((4, d)), rng.standard_normal(4)
    a[2], w[2], b[2] = 1e-20, weight, 0.3
    return ReLUNetwork(a, w, b, None, np.zeros(d))


def without_it(network):
    kept = [0, 1, 3]
    return ReLUNetwork(
        network.a[kept], network.w[kept], network.b[kept], network.V, network.c + network.b[2] * network.a[2]
    )


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_network_with_a_decayed_neuron_is_compared_and_drawn(d, weight, tmp_path):
    denoiser = min_norm_denoiser(POINTS[:, :d] + np.arange(3)[:, None] * (d == 1), 0.1)
    write_comparison(tmp_path / "trained.png", compare(with_a_decayed_neuron(d, weight), denoiser), "trained")
    assert (tmp_path / "trained.png").stat().st_size > 10_000


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("draw", [plot.field, plot.portrait])
def test_kinks_that_are_in_reach_are_drawn_where_the_neurons_switch(draw, weight):
    network = with_a_decayed_neuron(2, weight)
    train = min_norm_denoiser(POINTS[:, :2], 0.1).train
    axes = draw(network, train=train)
    axes.figure.draw_without_rendering()
    lines = [line for line in axes.get_lines() if isinstance(line, AxLine)]
    assert len(lines) == 3
    for k, line in zip([0, 1, 3], lines, strict=True):
        for point in (line.get_xy1(), line.get_xy2()):
            assert abs(network.w[k] @ point + network.b[k]) < 1e-12


@pytest.mark.parametrize("scale", [1e-20, 1e20])
def test_kinks_are_drawn_in_any_unit_of_length(scale):
    denoiser = min_norm_denoiser(scale * POINTS[:, :2], 0.1 * scale)
    axes = plot.field(denoiser)
    axes.figure.draw_without_rendering()
    assert sum(isinstance(line, AxLine) for line in axes.get_lines()) == denoiser.network.neurons


@pytest.mark.parametrize("weight", WEIGHTS)
def test_on_a_line_the_kinks_in_reach_are_marked(weight):
    network = with_a_decayed_neuron(1, weight)
    train = min_norm_denoiser([[0.0], [1.0]], 0.1).train
    (marks,) = (line for line in plot.line(network, train=train).get_lines() if line.get_label() == "kinks")
    kept = without_it(network)
    assert np.allclose(marks.get_xdata(), -kept.b / kept.w[:, 0])


@pytest.mark.parametrize("weight", WEIGHTS)
def test_a_flow_passes_a_decayed_neuron_by(weight):
    network = with_a_decayed_neuron(2, weight)
    starts = np.random.default_rng(0).standard_normal((20, 2))
    flow, same = score_flow(network, starts, math.inf), score_flow(without_it(network), starts, math.inf)
    assert flow.complete
    assert np.abs(flow.endpoint - same.endpoint).max() < 1e-9  # beyond what 1e-20 of weight can move


@pytest.mark.parametrize("weight", WEIGHTS)
def test_onnx_keeps_a_decayed_neuron(weight, tmp_path):
    pytest.importorskip("onnxruntime")
    network = with_a_decayed_neuron(2, weight)
    interop.to_onnx(network, tmp_path / "trained.onnx")
    assert np.array_equal(interop.from_onnx(tmp_path / "trained.onnx").w, network.w)
