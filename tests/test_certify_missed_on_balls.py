"""What a network misses on each ball: of kinks moved out of balls, and of what rounding may hide."""

from fractions import Fraction

import numpy as np
import pytest

from exactnorm import (
    ReLUNetwork,
    TrainingSet,
)
from exactnorm.certify.balls import missed
from exactnorm.certify.balls import moved as moved_module
from exactnorm.certify.balls.missed import missed_on_balls, unsure_share, wrong_sides
from exactnorm.geometry import Frame, affine_hull

LAST = 2.0**-43
"""64 units in the last place of 8, the largest coordinate of the sets below, radius included."""


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.99e-9, 1e-9), (1.01e-9, 1.01e-9), (0.99e-6, 0.99e-6), (1.01e-6, 1e-6), (np.inf, 1e-6), (np.nan, 1e-6)],
)
def test_the_share_that_rounding_of_coordinates_hides_is_a_billionth_to_a_millionth(share, expected):
    """Nine digits as a rule, and six at least: what a statement of six digits may leave out."""
    train = TrainingSet([[0.0, 0.0], [6.0, 0.0], [0.0, -6.0]], 2.0)
    length = 0.0 if share == np.inf else LAST / share
    assert unsure_share(train, length) == pytest.approx(expected, rel=1e-12)


def a_network_that_misses(seed, skip):
    """Balls round five points, the last of them off the plane of the frame, and neurons of which many enter them."""
    rng = np.random.default_rng(seed)
    plane = np.linalg.qr(rng.standard_normal((3, 2)))[0].T
    points = np.array([[0.0, 0], [3, 0], [1, 2.5], [4, 3], [-2, 2]]) @ plane
    points[4] += 0.07 * np.cross(*plane)
    w = rng.standard_normal((14, 3))
    height = np.sort(points @ w.T, axis=0)
    k = np.arange(14)
    b = -(height[k % 4, k] + height[k % 4 + 1, k]) / 2
    sides = points @ w.T + b > 0
    b += 0.2 * rng.standard_normal(14)
    sides[2, 3] ^= True  # no offset at all makes it miss the balls
    b[:2] = [-height[0, 0] + 0.3 * np.linalg.norm(w[0]), -height[4, 1] - 0.3 * np.linalg.norm(w[1])]
    b[12:] = [-height[0, 12] + 9, -height[4, 13] - 9]
    sides[:, [0, 12]], sides[:, [1, 13]] = True, False  # on at every ball, or at none
    V = 0.1 * rng.standard_normal((3, 3)) if skip else None
    network = ReLUNetwork(rng.standard_normal((14, 3)), w, b, V, rng.standard_normal(3))
    return network, TrainingSet(points, 0.5), sides, Frame(points[0], plane, 2.0)


@pytest.mark.parametrize("block", [1, 8 * 5 * 5, 2**21])
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_missed_on_a_ball_is_that_of_kinks_moved_out_of_the_balls_as_little_as_can_be(
    seed, skip, block, monkeypatch
):
    """By hand, one neuron and one ball after another, and by values on the spheres."""
    monkeypatch.setattr(moved_module, "BLOCK", block)
    network, train, sides, frame = a_network_that_misses(seed, skip)
    points, rho, axes = train.points, train.rho, frame.axes
    found = missed_on_balls(network, train, np.packbits(sides, axis=1), frame, lambda: None)
    *wrong, bent = wrong_sides(network, train, np.packbits(sides, axis=1), lambda: None)
    length = [float(np.linalg.norm(w)) for w in network.w]
    moved = list(network.b)
    for k in range(network.neurons):
        # On at ball n: z + shift ≥ ρ‖w‖, off: z + shift ≤ −ρ‖w‖.
        z = [float(w @ x) + network.b[k] for w, x in ((network.w[k], x) for x in points)]
        least = max([rho * length[k] - z[n] for n in range(5) if sides[n, k]], default=-np.inf)
        most = min([-rho * length[k] - z[n] for n in range(5) if not sides[n, k]], default=np.inf)
        moved[k] += sorted([least, 0.0, most])[1] if least <= most else (least + most) / 2
    skipped = np.zeros((3, 3)) if network.V is None else network.V
    away = np.where(sides, 1, -1) * (points @ network.w.T + moved)
    entered = rho * np.array(length) - away > 1e-12
    kept = ~entered.any(axis=0)
    assert 2 < kept.sum() < 12
    assert found.bent
    assert bent
    for n, x in enumerate(points):
        off, D, value, slope, shifted = skipped @ x + network.c - x, skipped.copy(), 0.0, 0.0, 0.0
        for k, (a, w) in enumerate(zip(network.a, network.w, strict=True)):
            z, as_it_is = float(w @ x) + moved[k], float(w @ x) + network.b[k]
            off, D = (off + a * z, D + np.outer(a, w)) if sides[n, k] and kept[k] else (off, D)
            instead = z * sides[n, k] if kept[k] else as_it_is * sides[0, k]
            shifted += abs(max(as_it_is, 0.0) - instead) * np.linalg.norm(a)
            if entered[n, k]:
                value += (rho * length[k] - (z if sides[n, k] else -z)) * np.linalg.norm(a)
            if not kept[k] and sides[n, k] != sides[0, k]:
                slope += length[k] * np.linalg.norm(a)
        np.testing.assert_allclose(found.e[n], axes @ off / 2.0, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found.D[n], axes @ D @ axes.T, rtol=1e-9, atol=1e-12)
        assert found.value[n] == pytest.approx(0.07 * (n == 4) / 2.0, rel=1e-9, abs=1e-12)
        # Of sides that the network as it stands is to have, what neurons do otherwise counts, too, and all that bent
        # ones do, but for an affine map, that of the first ball.
        assert [one[n] for one in wrong] == pytest.approx([value + shifted, slope], rel=1e-9, abs=1e-12)
        if n == 4:
            continue
        # In the hull, the network is off by no more, anywhere on the ball.
        t = np.random.default_rng(0).standard_normal((200, 2))
        t *= rho / 2.0 / np.linalg.norm(t, axis=1)[:, None]
        y = x + 2.0 * t @ axes
        values = np.maximum(y @ network.w.T + moved, 0.0)[:, kept] @ network.a[kept] + y @ skipped.T + network.c
        rest = (values - x) @ axes.T / 2.0 - found.e[n] - t @ found.D[n].T
        assert (np.linalg.norm(rest, axis=1) <= found.value[n] + 1e-12).all()
    assert 5 < entered.sum() < 50


@pytest.mark.parametrize(("known", "unknown"), [(3.0, 0.0), (0.5, 0.8)])
def test_a_miss_that_rounding_of_the_points_could_explain_counts_whole(known, unknown, monkeypatch):
    """Far out, and between balls that nearly touch, a network that misses by so much may cost far less than any."""
    gap = 0.5 * LAST / 1e-6
    train = TrainingSet([[0.0], [16 / 3]], 8 / 3 - gap / 2)
    monkeypatch.setattr(missed, "rounding_at", lambda *_: np.full(2, unknown * LAST))
    off = ReLUNetwork(np.zeros((0, 1)), np.zeros((0, 1)), np.zeros(0), np.eye(1), [known * LAST])
    found = missed_on_balls(off, train, np.zeros((2, 0), dtype=np.uint8), affine_hull(train.points), lambda: None)
    assert np.abs(found.e[:, 0]) * 16 / 3 / LAST == pytest.approx([known, known], abs=0.05)
    assert found.value * 16 / 3 / LAST == pytest.approx([unknown, unknown], abs=0.05)


@pytest.mark.parametrize(("digits", "counts"), [(0.9, False), (1.1, True)])
def test_a_kink_bends_a_ball_that_it_enters_by_more_than_the_rounding_of_offsets(digits, counts):
    """64 units in the last place of coordinates and radius; between balls so near that it cannot but enter both."""
    last = 64 * np.finfo(float).eps * (8.0 + 3.0)
    cosine = (2 * 3.0 - 2 * digits * last) / 8.0
    w = 4.0 * np.array([[cosine, np.sqrt(1 - cosine**2)]])
    train = TrainingSet([[0.0, 0.0], [8.0, 0.0]], 3.0)
    network = ReLUNetwork([[0.3, 0.4]], w, -4.0 * w[:, 0], np.eye(2), np.zeros(2))
    found = missed_on_balls(
        network, train, np.packbits([[False], [True]], axis=1), affine_hull(train.points), lambda: None, True
    )
    # Then its neuron is left out; else the kink is turned, just so that it passes both.
    assert found.bent == counts
    assert (found.value * 8.0 <= 0.5 * 4.0 * last / 10).all()
    added = float(np.linalg.norm(found.D[1] - found.D[0])) / (0.3 * 4.0)
    assert added == pytest.approx(0.0 if counts else cosine, rel=1e-12)
    assert counts or 0.0 <= 8.0 * added - 2 * 3.0 <= 0.5 * last


@pytest.mark.parametrize(("exact", "off_by"), [(True, 1e-15), ("longer", 1e-7), (False, 1e-4)])
def test_values_that_terms_hide_are_made_exact_or_count_as_missed(exact, off_by, monkeypatch):
    train = TrainingSet([[0.0, 0.0], [1.0, 0.25], [0.4, 0.9]], 0.1)
    rng = np.random.default_rng(0)
    # Terms of a hundred million that cancel but for a hundred, all on everywhere.
    a, w = 1e8 * rng.standard_normal((5, 2)), rng.standard_normal((5, 2))
    b = 2 * np.linalg.norm(w, axis=1)
    w, b = np.vstack([w, w, [[0.0, 1.0]]]), np.append(b, [*(b + 2.0**-20), 0.0])  # the last enters the first ball
    network = ReLUNetwork(np.vstack([a, -a, [[0.0, 1.0]]]), w, b, None, np.zeros(2))
    if exact is not True:
        monkeypatch.setattr(missed, "EXACT", 0)
        longer = np.finfo(np.longdouble).eps < np.finfo(float).eps
        off_by = off_by if exact == "longer" and longer else 1e-4
    frame = affine_hull(train.points)
    sides = np.ones((3, 11), dtype=bool)
    found = missed_on_balls(network, train, np.packbits(sides, axis=1), frame, lambda: None, bool(exact))
    for n, x in enumerate(train.points):
        off = [Fraction(float(c)) - Fraction(float(p)) for c, p in zip(network.c, x, strict=True)]
        for a_k, w_k, b_k in zip(network.a, network.w, [*b[:10], 0.1], strict=True):
            z = sum(
                (Fraction(float(p)) * Fraction(float(q)) for p, q in zip(w_k, x, strict=True)), Fraction(float(b_k))
            )
            off = [o + Fraction(float(p)) * max(z, 0) for o, p in zip(off, a_k, strict=True)]
        away = np.linalg.norm(frame.axes @ np.array([float(o) for o in off]) / frame.scale - found.e[n])
        assert away <= (1e-13 if exact is True else found.value[n])
        assert found.value[n] <= off_by


@pytest.mark.parametrize(("sharp", "most"), [(False, 12), (True, 12 - 1), (True, 12)])
def test_all_that_rounding_may_hide_counts_as_missed_unless_values_are_made_exact(sharp, most, monkeypatch):
    train = TrainingSet([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0]], 0.1)
    unsure = 2e-7 * np.array([0.99, 1.01, 5.0])
    monkeypatch.setattr(missed, "rounding_at", lambda *_: unsure)
    network = ReLUNetwork(np.zeros((2, 2)), [[1.0, 0.0]] * 2, [-1.0] * 2, np.eye(2), np.zeros(2))
    sides = np.array([[False] * 2, [True] * 2, [False] * 2])
    monkeypatch.setattr(missed, "EXACT", most)
    found = missed_on_balls(network, train, np.packbits(sides, axis=1), affine_hull(train.points), lambda: None, sharp)
    share = np.finfo(np.longdouble).eps / np.finfo(float).eps if sharp else 1.0  # of values in longer floats
    expected = np.zeros(3) if sharp and most == 12 else share * unsure / 4.0
    np.testing.assert_allclose(found.value, expected, rtol=1e-9, atol=1e-16)
