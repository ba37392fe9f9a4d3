"""Kinks that bend balls, by more than rounding or far from the origin by rounding alone, stand in for no other."""

from fractions import Fraction

import numpy as np
import pytest
from lattice_networks import bracket, by_coordinates, lattice

from exactnorm import ReLUNetwork, interpolation_error
from exactnorm.certify import CertificateUndecided
from exactnorm.certify.balls import correction
from exactnorm.geometry import separating_hyperplane
from exactnorm.patterns import kink_patterns


def squeezed(width, off):
    """A square, of which no corner is cut off but one, by kinks that must pass between three balls far away.

    What that corner is off the sum of rows and columns, `off` in both coordinates, costs 2 for each width of their gap:
    the kinks of no other pattern have an odd number of corners, or two opposite ones, on one side.
    """
    rho = (np.sqrt(0.5) - 0.01) / 2
    u, v = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    away, centre = rho + width / 2, np.array([0.75, 0.75])
    in_the_way = [[0.25, 0.25] - 6 * v, [0.75, 0.25] - 6 * u, [0.25, 0.75] + 6 * u]
    narrow = [centre + 5 * v + away * u, centre + 7 * v - away * u, centre + 9 * v + away * u]
    return np.array([*in_the_way, *narrow, [0, 0], [1, 0], [0, 1], [1 + off, 1 + off]]), rho


def bending_far_away(points, rho, tilt):
    """A network for `squeezed` balls, the widths of slabs that cut a corner off, and the heights of balls at its kinks.

    The last three kinks pass where nothing but the narrow slab does, turned by as little as `tilt`, and together are 0
    but at one corner.
    """
    corners = np.array([0, 0, 0, 0, 0, 0, 1, -1, -1, 1])
    slabs = []
    for on in kink_patterns(points, rho):
        w, b, half = separating_hyperplane(points[on], points[~on])
        slabs.append((2 * half - 2 * rho, on, w, b))
    narrow = [one for one in slabs if corners @ one[1]]
    slabs = sorted((one for one in slabs if not corners @ one[1]), key=lambda one: -one[0])
    basis = [*slabs[:1]]
    for one in [*slabs[1:], *narrow]:
        on = np.array([two[1] for two in [*basis, one]], dtype=float)
        basis += [one] if np.linalg.matrix_rank(on) > len(basis) else []
    assert len(basis) == 9
    parts = np.linalg.solve(np.array([one[1][1:] for one in basis], dtype=float).T, points[1:] - points[0])
    a, w, b = [], [], []
    for (gap, _, u, middle), part in zip(basis[:-1], parts[:-1], strict=True):
        a, w, b = [*a, part / gap, -part / gap], [*w, u, u], [*b, middle + gap / 2, middle - gap / 2]
    _, on, u, _ = basis[-1]
    turned = [np.cos(turn) * u + np.sin(turn) * np.array([-u[1], u[0]]) for turn in (-tilt, 0, tilt)]
    middles = [-(points[on] @ one).min() / 2 - (points[~on] @ one).max() / 2 for one in turned]
    corner = [one @ points[9] + middle for one, middle in zip(turned, middles, strict=True)]
    sizes = np.linalg.solve(np.vstack([np.array(turned).T, corner]), [0, 0, 1])
    network = ReLUNetwork([*a, *(sizes[:, None] * parts[-1])], [*w, *turned], [*b, *middles], None, points[0])
    return network, [one[0] for one in narrow]


@pytest.mark.parametrize("many", [100, 3], ids=["as they are", "by their sizes"])
@pytest.mark.parametrize("tilt", [5e-4, 1e-4, 1e-5])
def test_a_kink_that_bends_a_ball_is_no_kink_that_passes_it(tilt, many, monkeypatch):
    """Three that pass where nothing but a narrow slab does, each a little too steep, and bend the balls far away."""
    monkeypatch.setattr(correction, "MANY", many)
    width, off = 1e-9, 4e-7
    points, rho = squeezed(width, off)
    network, widths = bending_far_away(points, rho, tilt)
    assert widths == pytest.approx([width], rel=1e-5)
    assert network.representation_cost < 30
    assert interpolation_error(network, points, rho) < 1e-6
    assert bracket(network, points, rho, 1e-8)[1] >= 2 * off * np.sqrt(2) / width > 1000


@pytest.mark.parametrize(
    ("power", "off", "width", "tilt"),
    [
        (20, 3e-8, 1e-10, 5e-9),
        (20, 3e-8, 1e-10, 1e-9),
        (24, 2.5e-7, 1e-10, 5e-8),
        (24, 3e-7, 1e-8, 1e-7),
        (27, 5e-7, 1e-9, 1e-6),
    ],
)
def test_far_from_the_origin_kinks_that_bend_balls_by_rounding_are_turned_out_of_them(power, off, width, tilt):
    """The rounding of coordinates is many times the width of the slab, which the points tell to its last digits."""
    away = 2.0**power
    far = squeezed(width, off)[0] + away
    points = far - away  # without rounding
    rho = separating_hyperplane(points[[4]], points[[3, 5]])[2] - width / 2
    network, widths = bending_far_away(points, rho, tilt)
    assert widths == pytest.approx([width], rel=1e-5)
    # What the four pieces of affine maps at the corners differ by, at the middle of the slab, its kinks make up for.
    least = 2 * np.linalg.norm(points[6] - points[7] - points[8] + points[9]) / width
    assert network.representation_cost < 0.5 * least
    b = [Fraction(b) - sum(map(Fraction, w)) * int(away) for b, w in zip(network.b, network.w, strict=True)]
    there = ReLUNetwork(network.a, network.w, [float(one) for one in b], None, far[0])
    assert least < bracket(there, far, rho, 1e-8)[1] < 1.2 * (least + network.representation_cost)


@pytest.mark.parametrize("rows", [None, 10])
def test_of_many_balls_those_that_a_kink_bends_are_priced_as_if_it_were_not_there(rows):
    points = np.column_stack([np.arange(110.0), np.random.default_rng(0).standard_normal(110)])
    if rows is not None:
        points = lattice(11, rows)
    rho = 0.1 if rows is None else 0.4
    net = by_coordinates(np.unique(points[:, 0]), np.unique(points[:, 1]), rho)
    if rows is None:
        steps = np.diff(points, axis=0) / (1 - 2 * rho)
        b = -np.concatenate([points[:-1, 0] + rho, points[1:, 0] - rho])
        net = ReLUNetwork(np.concatenate([steps, -steps]), np.tile([1.0, 0.0], (218, 1)), b, None, points[0])
    assert bracket(net, points, rho)[1] == pytest.approx(net.representation_cost, rel=1e-6)
    # A kink through balls, of a neuron of next to nothing, which is more than that where all its balls are priced.
    size, (through, level) = 1e-9, ([0.0, 1.0], 0.0) if rows is None else ([1.0, 1.0], -15.0)
    bent = ReLUNetwork(
        np.vstack([net.a, [[size, 0]]]), np.vstack([net.w, [through]]), np.append(net.b, level), None, net.c
    )
    height = points @ through + level
    assert (np.abs(height) < rho).any()
    if rows is None:
        values = size * np.maximum(height, 0).sum()
        assert bracket(bent, points, rho)[1] - net.representation_cost > values
    else:  # no sum of rows and columns
        with pytest.raises(CertificateUndecided, match="do not tell all 110 apart"):
            bracket(bent, points, rho)
