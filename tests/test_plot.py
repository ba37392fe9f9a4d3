"""Drawings show the numbers they are given."""

import subprocess
import sys

import numpy as np
import pytest
from formulas import certified
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.quiver import Quiver

from exactnorm import (
    closed_form,
    min_norm_denoiser,
    plot,
    problems,
)
from exactnorm.certify import dual_profile


@pytest.fixture
def on_a_line():
    return certified(problems.univariate(), closed_form.univariate)


@pytest.fixture
def in_the_plane():
    return certified(problems.orthogonal(), closed_form.orthogonal)


def test_the_line_is_the_denoiser_and_its_corners_are_the_kinks(on_a_line):
    axes = plot.line(on_a_line)
    assert isinstance(axes, Axes)
    drawn = {curve.get_label(): curve.get_xydata() for curve in axes.get_lines()}
    y, h = drawn["denoiser h"].T
    assert np.allclose(h, on_a_line(y[:, None])[:, 0], rtol=0, atol=1e-12)
    # Gaps from 0.1 to 0.9 and from 1.1 to 2.4.
    assert np.allclose(np.sort(drawn["kinks"][:, 0]), [0.1, 0.9, 1.1, 2.4])
    assert {0.1, 2.4} <= set(np.round(y, 12))


def test_the_field_has_a_ball_at_every_point_and_arrows_along_h_minus_y(in_the_plane):
    axes = plot.field(in_the_plane, arrows=9)
    (balls,) = (item for item in axes.collections if isinstance(item, PatchCollection))
    centres = np.array([path.get_extents().get_points().mean(axis=0) for path in balls.get_paths()])
    assert np.allclose(centres, in_the_plane.train.points)
    (quiver,) = (item for item in axes.collections if isinstance(item, Quiver))
    move = in_the_plane(quiver.XY) - quiver.XY
    assert np.allclose(np.column_stack([quiver.U, quiver.V]), move)
    assert len(quiver.XY) >= 9


def test_kinks_are_drawn_where_the_neurons_switch(in_the_plane):
    axes = plot.field(in_the_plane)
    network = in_the_plane.network
    lines = [line for line in axes.get_lines() if line.get_label() == "kinks" or line.get_label().startswith("_")]
    assert len(lines) == network.neurons == 4
    for n, line in enumerate(lines):
        for point in (line.get_xy1(), line.get_xy2()):
            assert network.w[n] @ point + network.b[n] == pytest.approx(0, abs=1e-12)


def test_images_are_drawn_row_by_row_unchanged():
    digits, _ = problems.digit_images()
    axes = plot.images([digits[:5], digits[7:9]], (8, 8), labels=["first", "second"])
    shown = axes.get_images()
    expected = np.vstack([digits[:5], digits[7:9]]).reshape(-1, 8, 8)
    assert np.array_equal([image.get_array() for image in shown], expected)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["first", "second"]
    # The second row lies below the first, and the second image to the right of the first.
    extents = np.array([image.get_extent() for image in shown])
    assert extents[5, 3] < extents[0, 2]
    assert extents[1, 0] > extents[0, 1]


def test_a_given_axes_is_drawn_on_and_returned(on_a_line, in_the_plane):
    figure = plot.figure()
    first, second, third = figure.subplots(1, 3)
    assert plot.line(on_a_line, first) is first
    assert plot.field(in_the_plane, second) is second
    assert plot.images([np.eye(4).reshape(4, 4)], (2, 2), third) is third
    assert first.get_lines()
    assert second.get_lines()
    assert len(third.get_images()) == 4


def test_a_drawing_of_the_wrong_dimension_is_refused(on_a_line, in_the_plane):
    with pytest.raises(ValueError, match="points in 1 dimension; the denoiser has 2"):
        plot.line(in_the_plane)
    with pytest.raises(ValueError, match="points in 2 dimensions; the denoiser has 1"):
        plot.field(on_a_line)


def test_without_matplotlib_the_error_names_the_extra():
    code = "import sys; sys.modules['matplotlib'] = None; import exactnorm.plot"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("pip install 'exactnorm[plot]'")


@pytest.mark.parametrize("rounds", [([0, 1, 3], [4, 5, 5.1], [6, 5.3, 5.2]), ([0.02], [5.1698], [5.1699])])
def test_a_bracket_over_time_keeps_its_numbers_and_its_last_pair_has_a_length(rounds):
    seconds, lower, upper = rounds
    axes = plot.bracket(*rounds)
    steps, marks = axes.get_lines()[::3], axes.get_lines()[1::3]
    for values, step, mark in zip((upper, lower), steps, marks, strict=True):
        assert np.allclose(mark.get_xydata(), np.column_stack([seconds, values]))
        assert np.allclose(step.get_xydata()[:-1], np.column_stack([seconds, values]))
        assert step.get_xdata()[-1] > 1.05 * seconds[-1]
        assert step.get_ydata()[-1] == values[-1]
    axes.figure.draw_without_rendering()
    assert axes.yaxis.get_major_formatter().get_offset() == ""


def test_the_dual_function_of_an_optimal_certificate_is_at_most_1_and_touches_it_at_the_network_s_kinks(on_a_line):
    denoiser = min_norm_denoiser(problems.acute().train)
    axes = plot.dual_function(dual_profile(denoiser, directions=3601))
    angle, value = axes.get_lines()[0].get_xydata().T
    assert np.nanmax(value) == pytest.approx(1, abs=1e-4)
    for kink in axes.get_lines()[1:]:
        assert np.interp(kink.get_xdata()[0], angle, value) == pytest.approx(1, abs=1e-3)
    with pytest.raises(ValueError, match="does not rest on dual matrices"):
        dual_profile(on_a_line)


def test_images_are_drawn_in_their_own_shape_and_flat_rows_in_that_of_the_others():
    pictures = np.arange(2 * 3 * 4, dtype=float).reshape(2, 3, 4)
    axes = plot.images([pictures, pictures.reshape(2, 1, 3, 4), pictures.reshape(2, 12)])
    shown = [np.asarray(image.get_array()) for image in axes.get_images()]
    assert len(shown) == 6
    for n, image in enumerate(shown):
        assert np.array_equal(image, pictures[n % 2])
    with pytest.raises(ValueError, match=r"are flat: give shape=\(height, width\)"):
        plot.images([pictures.reshape(2, 12)])
    with pytest.raises(ValueError, match=r"a row of shape \(3, 4\) for images of 3 by 4 pixels"):
        plot.images([pictures[0]], (3, 4))
