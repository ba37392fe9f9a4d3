"""A network that misses its balls or samples a little is no upper bound, however small the miss: it is priced."""

from fractions import Fraction

import numpy as np
import pytest

from exactnorm import (
    FiniteProblem,
    ReLUNetwork,
    TrainingSet,
    check_certificate,
    interpolation_error,
    min_norm_denoiser,
    min_norm_network,
)
from exactnorm.certify import Certificate, CertificateError, CertificateUndecided, Multipliers, Nothing
from exactnorm.certify.balls import missed
from exactnorm.certify.balls import slabs as slabs_module
from exactnorm.certify.balls.constancy import sides_of_balls
from exactnorm.certify.balls.correction import correction_cost, stated_upper
from exactnorm.certify.balls.missed import missed_on_balls, unsure_share, wrong_sides
from exactnorm.certify.balls.slabs import basis_of_slabs, seen, slabs_around_each, telling_directions
from exactnorm.certify.effort import Effort
from exactnorm.certify.finite.bounds import finite_upper_bound
from exactnorm.certify.finite.correction import correction_cost as correction_at_inputs
from exactnorm.certify.finite.correction import misses
from exactnorm.certify.interpolation import sure_miss
from exactnorm.geometry import Frame, affine_hull

TOOTH = FiniteProblem(np.array([0, 1e-7, 2e-7, 1, 2, 3])[:, None], [0, 8e-7, 0, 0, 1, 0])
"""A tooth of slopes 8 and −8 at the first inputs: the jumps are 16, 8, 1, 2, and 27 is the least cost."""
WITHOUT_IT = ReLUNetwork([[1.0], [-2.0]], [[1.0], [1.0]], [-1.0, -2.0], None, [0.0])


def test_a_tooth_finer_than_a_millionth_of_the_targets_costs_what_it_costs():
    assert WITHOUT_IT.representation_cost == 3
    upper, error = finite_upper_bound(TOOTH, WITHOUT_IT)
    assert error == 8e-7
    assert upper == pytest.approx(27, rel=1e-9)
    forged = Certificate(3.0, 3.0, 8e-7, Multipliers(np.zeros((6, 1))))
    with pytest.raises(CertificateError, match=r"supports only \[0.0, 27"):
        check_certificate(forged, TOOTH, WITHOUT_IT)
    honest = min_norm_network(TOOTH.inputs, TOOTH.targets)
    lower, upper, _ = check_certificate(honest.certificate, TOOTH, honest.network)
    assert (lower, upper) == pytest.approx((27, 27), rel=1e-7)


@pytest.mark.parametrize("setting", [{}, {"skip": False}, {"skip": False, "penalise_bias": True}])
def test_corrections_of_samples_cost_no_less_than_the_least_network_for_them(setting):
    rng = np.random.default_rng(4)
    inputs, values = rng.standard_normal((5, 2)), rng.standard_normal((5, 1))
    least = min_norm_network(inputs, values, **setting)
    problem = least.problem
    assert correction_at_inputs(problem, values[problem.distinct[0]], np.zeros(5)) >= least.certificate.lower
    # Along one line the function taken is the least of all.
    inputs = inputs[:, :1]
    least = min_norm_network(inputs, values, skip=True)
    cost = correction_at_inputs(least.problem, values[least.problem.distinct[0]], np.zeros(5))
    assert cost == pytest.approx(least.certificate.upper, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_upper_values_of_networks_that_miss_are_those_of_networks_that_do_not(seed):
    rng = np.random.default_rng(seed)
    found = min_norm_network(rng.standard_normal((7, 2)), rng.standard_normal(7))
    for size in (1e-7, 1e-9, 1e-12):
        less = ReLUNetwork(
            (1 - size) * found.network.a, found.network.w, found.network.b, found.network.V, found.network.c
        )
        assert less.representation_cost < found.certificate.lower * (1 + 1e-6)
        assert finite_upper_bound(found.problem, less)[0] >= found.certificate.lower
        more = [correction_at_inputs(found.problem, *one) for one in misses(found.problem, less)]
        assert min(more) <= 1e3 * size * found.certificate.upper + 1e-13


@pytest.mark.parametrize("share", [9.8e-5, 1e-6, 1e-8])
def test_a_share_of_the_identity_makes_a_network_cheaper_and_is_priced(share):
    train = TrainingSet([[0, 0], [1, 0], [0, 1]], 0.0101)
    optimum = 2 * 2 / (1 - 0.0202)
    honest = min_norm_denoiser(train).network
    mixed = ReLUNetwork((1 - share) * honest.a, honest.w, honest.b, share * np.eye(2), (1 - share) * honest.c)
    error = interpolation_error(mixed, train.points, train.rho)
    assert error < 1e-6
    stated = mixed.representation_cost
    assert stated < optimum * (1 - 0.9 * share)
    forged = Certificate(0.0, stated, 1.1 * error, Nothing())
    with pytest.raises(CertificateError, match=r"supports only \[0.0, 4.0824"):
        check_certificate(forged, train, mixed)
    priced = Certificate(0.0, 1.01 * optimum, 1.1 * error, Nothing())
    assert check_certificate(priced, train, mixed)[1] == pytest.approx(optimum, rel=1e-2)


def lower_and_corrected(points, rho, change):
    """The least cost, from below, and the upper value of a network changed a little."""
    train = TrainingSet(points, rho)
    found = min_norm_denoiser(train)
    network = change(found.network)
    sides = sides_of_balls(network, train).packed
    return found.certificate, network.representation_cost, correction_cost(network, train, sides)


@pytest.mark.parametrize("rho", [0.02, 0.3])
@pytest.mark.parametrize("part", ["a", "V", "c", "b"])
def test_whatever_is_changed_the_corrected_cost_is_above_the_least(rho, part):
    rng = np.random.default_rng(1)
    noise = 1e-8 * rng.standard_normal((2, 2))

    def change(net):
        parts = {"a": net.a, "V": np.zeros((2, 2)), "c": net.c, "b": net.b}
        parts[part] = (
            parts[part] * (1 - 1e-8) if part in ("a", "b") else parts[part] + (noise if part == "V" else noise[0])
        )
        return ReLUNetwork(parts["a"], net.w, parts["b"], parts["V"], parts["c"])

    certificate, cost, more = lower_and_corrected([[0, 0], [1, 0], [0.4, 0.9], [1.3, 1.1]], rho, change)
    assert cost + more >= certificate.lower
    # A kink that enters a ball by more than rounding counts as if it ran through the middle.
    assert part == "b" or more <= 1e-4 * certificate.upper


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
    monkeypatch.setattr(missed, "BLOCK", block)
    network, train, sides, frame = a_network_that_misses(seed, skip)
    points, rho, axes = train.points, train.rho, frame.axes
    found = missed_on_balls(network, train, np.packbits(sides, axis=1), frame, lambda: None)
    wrong = wrong_sides(network, train, np.packbits(sides, axis=1), lambda: None)
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
    for n, x in enumerate(points):
        off, D, value, slope, shifted = skipped @ x + network.c - x, skipped.copy(), 0.0, 0.0, 0.0
        for k, (a, w) in enumerate(zip(network.a, network.w, strict=True)):
            z = float(w @ x) + moved[k]
            off, D = (off + a * z, D + np.outer(a, w)) if sides[n, k] and kept[k] else (off, D)
            shifted += abs(moved[k] - network.b[k]) * sides[n, k] * np.linalg.norm(a)
            if entered[n, k]:
                value += (rho * length[k] - (z if sides[n, k] else -z)) * np.linalg.norm(a)
            if not kept[k] and sides[n, k] != sides[0, k]:
                value += (abs(float(w @ x) + network.b[k]) + abs(moved[k] - network.b[k])) * np.linalg.norm(a)
                slope += length[k] * np.linalg.norm(a)
        np.testing.assert_allclose(found.e[n], axes @ off / 2.0, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found.D[n], axes @ D @ axes.T, rtol=1e-9, atol=1e-12)
        assert found.value[n] == pytest.approx(0.07 * (n == 4) / 2.0, rel=1e-9, abs=1e-12)
        # Of sides that the network as it stands is to have, the shifts of neurons that are on count, too, and on all
        # balls but those on the side of the first, where an affine map makes up for it, what bent ones do.
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


def touch_both_sides(heights, away, rel=1e-12):
    """The nearest points on either side of every middle plane are so far from it."""
    above = heights > 0
    np.testing.assert_allclose(np.where(above, heights, np.inf).min(axis=0), away, rtol=rel)
    np.testing.assert_allclose(np.where(above, -np.inf, heights).max(axis=0), -away, rtol=rel)


@pytest.mark.parametrize("room", [1, 100, 2**20])
def test_slabs_miss_all_balls_and_their_patterns_tell_them_apart(room, monkeypatch):
    monkeypatch.setattr(slabs_module, "ROOM", room)
    points, rho = np.random.default_rng(7).standard_normal((9, 3)), 0.1
    slabs = basis_of_slabs(points, rho, np.zeros((0, 3)))
    heights = points @ slabs.w.T - slabs.middle
    touch_both_sides(heights, rho + slabs.half)
    assert ((heights.T > 0) ^ (heights.T[:, :1] > 0) == slabs.on).all()
    assert np.linalg.matrix_rank(slabs.on[:, 1:].astype(float)) == 8


@pytest.mark.parametrize("own", [[[0.3, 0.1]], np.zeros((0, 2)), [[0.0, 0.0]]])
def test_between_two_balls_the_slab_is_as_wide_as_their_gap(own):
    points = np.array([[1.0, 2.0], [4.0, -2.0]])
    slabs = basis_of_slabs(points, 0.7, np.array(own))
    assert slabs.on.tolist() == [[False, True]]
    assert slabs.half == pytest.approx([2.5 - 0.7], rel=1e-14)
    assert np.abs(slabs.w) == pytest.approx(np.array([[0.6, 0.8]]), rel=1e-14)
    assert slabs.middle == pytest.approx(slabs.w @ [2.5, 0.0], rel=1e-14)
    assert basis_of_slabs(points, 2.5, np.array(own)) is None


def exact(rows):
    return np.vectorize(Fraction, otypes=[object])(rows)


@pytest.mark.parametrize("seed", range(3))
def test_no_slab_is_wider_than_it_is_in_rational_arithmetic(seed, monkeypatch):
    """Where widths are differences of heights, of balls a thousand units apart and of radius one of their gaps."""
    points = 1e3 * np.random.default_rng(seed).standard_normal((16, 40))
    found = slabs_around_each(points, 1.0, 1e-9)
    height = exact(found.w) @ exact(points.T)
    width = np.array([one[on].min() - one[~on].max() for one, on in zip(height, found.on, strict=True)])
    square = (exact(found.w) ** 2).sum(axis=1)
    half = exact(found.half) + 1
    assert (4 * half**2 * square <= width**2).all()
    assert (half * 2 * (1 + Fraction(1, 10**12)) >= width.astype(float)).all()
    # The same of any directions, between neighbours, by whichever way.
    w = np.random.default_rng(seed).standard_normal((20, 40))
    w /= np.linalg.norm(w, axis=1)[:, None]
    order = np.argsort(w @ points.T, axis=1)
    width = np.diff(np.sort((exact(w) @ exact(points.T)).astype(float), axis=1), axis=1) / 2 - 1
    plain = slabs_module._half_widths(points, 1.0, w, order)
    np.testing.assert_allclose(plain, width, rtol=0, atol=1e-12)
    monkeypatch.setattr(slabs_module, "LARGEST", 0)
    by_heights = slabs_module._half_widths(points, 1.0, w, order)
    assert (by_heights <= width).all()
    np.testing.assert_allclose(by_heights, width, rtol=0, atol=1e-9)


@pytest.mark.parametrize("share", [0.2, 0.9])
@pytest.mark.parametrize("rank", [2, 3, 6])
def test_a_slope_across_a_slab_costs_no_more_than_is_said(rank, share):
    """By kinks through the middle, one tilted by as much as misses all balls and one not, for each direction across."""
    points = np.random.default_rng(rank).standard_normal((8, rank))
    rho = share * TrainingSet(points, 0.0).separation / 2
    slabs = basis_of_slabs(points, rho, np.zeros((0, rank)))
    p, far, across = seen(slabs, points, rho)
    for k, n in enumerate(slabs.w):
        tilt = slabs.half[k] / (2 * far[k])
        directions = np.linalg.svd(n[None])[2][1:]
        for v in (*directions, *-directions):
            height = (points - p[k]) @ (np.cos(tilt) * n + np.sin(tilt) * v)
            assert (np.abs(height) >= rho).all()
            assert ((height > 0) == ((points - p[k]) @ n > 0)).all()
        # Of all slopes of size 1 those the same in every direction cost most.
        cost = np.sqrt(rank - 1) * (1 + np.cos(tilt)) / np.sin(tilt)
        assert cost <= across[k]
        assert across[k] * np.sqrt((rank - 1) / rank) <= 1.08 * cost  # 4.2 for 4, and less at large tilts
    line = seen(basis_of_slabs(points[:, :1], 0.0, np.zeros((0, 1))), points[:, :1], 0.0)
    assert (line[2] == 0).all()


@pytest.mark.parametrize("offset", [0.0, 1e5])
def test_slabs_around_each_ball_miss_all_and_have_one_ball_beyond(offset):
    points, rho = np.random.default_rng(3).standard_normal((40, 120)) + offset, 0.2
    slabs = slabs_around_each(points, rho, 0.1)
    middle = points.mean(axis=0)  # digits of an offset are lost in a product with it
    heights = (points - middle) @ slabs.w.T - (slabs.middle - slabs.w @ middle)
    touch_both_sides(heights, rho + slabs.half, 1e-9)
    narrowest = slabs.half.min()
    assert slabs_around_each(points, rho, narrowest * (1 - 1e-9)) is not None
    assert slabs_around_each(points, rho, narrowest * (1 + 1e-9)) is None
    assert (heights.T > 0).sum(axis=1).tolist() == [1] * 39
    assert ((heights.T > 0) == slabs.on).all()
    assert slabs_around_each(np.vstack([points, points.mean(axis=0)]), rho, 1e-9) is None  # a ball in the middle


def test_what_is_stated_of_many_points_in_many_dimensions_holds_with_misses():
    # Output weights that are off by 1e-7: the network costs a little less, and what that is worth is to be added.
    train = TrainingSet(np.eye(150), 0.05)
    denoiser = min_norm_denoiser(train)
    net = denoiser.network
    less = ReLUNetwork(net.a * (1 - 1e-7), net.w, net.b, None, net.c)
    miss = sure_miss(less, train)
    assert less.representation_cost < denoiser.certificate.lower * (1 - 5e-8)
    assert miss.below(1e-6 * train.separation)
    assert denoiser.certificate.lower <= stated_upper(less, train, miss) < 1.01 * denoiser.certificate.lower
    # Of each ball at least what it is missed by, computed from values around it.
    v = np.random.default_rng(0).standard_normal((20, *train.points.shape))
    around = train.points + train.rho * v / np.linalg.norm(v, axis=2, keepdims=True)
    off = np.array([less(one) for one in around]) - train.points
    assert (np.linalg.norm(off, axis=2) <= miss.each[0] + train.rho * miss.each[1]).all()


def test_where_only_rows_and_columns_are_told_apart_they_price_the_miss():
    # On a lattice at contact each ball stands between others, and all that an identity lacks is a sum of theirs.
    points = np.array([[x, y] for x in range(3) for y in range(3)], dtype=float)
    rho = 0.49
    network = ReLUNetwork(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.eye(2), np.zeros(2))
    train = TrainingSet(points, rho)
    least = 2 * 2 * 2 / (1 - 2 * rho)
    assert least <= correction_cost(network, train, np.zeros((9, 0), dtype=np.uint8)) < 10 * least


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_how_far_balls_reach_from_a_slab_is_not_less_than_it_is(offset):
    points, rho = np.random.default_rng(4).standard_normal((7, 3)) + offset, 0.01
    slabs = basis_of_slabs(points, rho, np.zeros((0, 3)))
    p, far, _ = seen(slabs, points, rho)
    exact = np.linalg.norm(points[None] - p[:, None], axis=2).max(axis=1) + rho
    assert (far >= exact * (1 - 1e-15)).all()
    np.testing.assert_allclose(far, exact, rtol=1e-9)


@pytest.mark.parametrize("seed", range(2))
def test_balls_reach_no_farther_from_a_slab_in_rational_arithmetic(seed):
    points = np.random.default_rng(seed).standard_normal((26, 24))
    slabs = basis_of_slabs(points, 0.125, np.zeros((0, 24)))
    p, far, _ = seen(slabs, points, 0.125)
    square = ((exact(points)[None] - exact(p)[:, None]) ** 2).sum(axis=2).max(axis=1)
    assert ((exact(far) - Fraction(1, 8)) ** 2 >= square).all()


def test_of_slabs_that_tell_balls_apart_the_widest_are_taken():
    """Of three, by how far a corner is from the hull of the other two, the two widest."""
    slabs = basis_of_slabs(np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 1.0]]), 0.1, np.zeros((0, 2)))
    assert sorted(map(tuple, slabs.on.tolist())) == [(False, False, True), (False, True, False)]
    assert sorted(slabs.half) == pytest.approx([0.4, 4.9], rel=1e-12)


@pytest.mark.parametrize("narrow", [1.0, 1e-3, 1e-17, 1e-30])
def test_patterns_are_independent_however_narrow_the_slabs_are_that_make_them_so(narrow):
    on = np.array([[1.0, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]])
    width = np.array([1.0, 0.9, 0.6 if narrow > 1e-9 else 0.8, narrow])

    def looked_for(rows):
        found, others = [], np.eye(3)
        for apart in slabs_module.APART:
            chosen, others = slabs_module._independent(rows, width[: len(rows)], others, apart)
            found += chosen.tolist()
        return found, others

    chosen, others = looked_for(on)
    assert np.linalg.matrix_rank(on[chosen]) == len(chosen) == 3
    assert others.size == 0
    few, others = looked_for(on[:3])
    assert len(few) == 2
    assert np.abs(on[:3] @ others).max() < 1e-15
    # Where widths hide nothing the widest are taken, two of the three.
    assert narrow < 1e-9 or sorted(chosen) == [0, 1, 3]


@pytest.mark.parametrize("size", [0.0, 1e-12])
@pytest.mark.parametrize("turn", [0.0, 0.3])
def test_neurons_that_carry_nothing_do_not_lower_the_price_of_a_miss(turn, size):
    # An equilateral triangle near contact, which only its three heights tell apart; each corner is missed by a little.
    angle = turn + 2 * np.pi / 3 * np.arange(3)
    u, R = np.column_stack([np.cos(angle), np.sin(angle)]), 1 / np.sqrt(3)
    m = 1.5 * R
    train = TrainingSet(R * u, m / 2 * (1 - 1e-3))
    optimum = 6 * R / (m - 2 * train.rho)
    rise = (R - 0.99e-6) / (m - 2 * train.rho) * u
    a, w = np.vstack([rise, -rise]), np.vstack([u, u])
    b = np.repeat([R / 2 - train.rho, train.rho - R], 3)
    less = ReLUNetwork(a, w, b, None, np.zeros(2))
    assert less.representation_cost < optimum * (1 - 1.6e-6)
    idle = np.random.default_rng(0).standard_normal((400, 2))
    hidden = ReLUNetwork(
        np.vstack([size * idle, a]), np.vstack([idle, w]), np.append(np.full(400, -9.0), b), None, np.zeros(2)
    )
    for network in (less, hidden):
        upper, _ = check_certificate(Certificate(0.0, np.inf, 1e-6, Nothing()), train, network)[1:]
        assert optimum <= upper < optimum * (1 + 1e-6)


@pytest.mark.parametrize("room", [400, 2**20])
def test_directions_that_tell_balls_apart_are_found_among_any_others(room, monkeypatch):
    monkeypatch.setattr(slabs_module, "ROOM", room)
    points, rho = np.random.default_rng(5).standard_normal((6, 3)), 0.2
    w = np.random.default_rng(6).standard_normal((3000, 3))
    w /= np.linalg.norm(w, axis=1)[:, None]
    kept = telling_directions(points, rho, w)

    def widest(directions):
        """The widest slab of every pattern, by sorting the heights along one direction after another."""
        best = {}
        for one in directions:
            height = points @ one
            order = np.argsort(height)
            for k in range(5):
                on = np.isin(np.arange(6), order[k + 1 :])
                key = tuple(on ^ on[0])
                best[key] = max(best.get(key, 0.0), (height[order[k + 1]] - height[order[k]]) / 2 - rho)
        return {key: width for key, width in best.items() if width > 1e-12}

    assert 5 < len(kept) < 60
    assert widest(kept) == pytest.approx(widest(w), rel=1e-9)


def test_a_miss_that_no_slab_makes_up_for_is_not_priced_by_an_estimate():
    # At this radius the rows and the columns of a rectangle are told apart, and no corner from both of its neighbours.
    corners, rho = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]]), 0.45
    train = TrainingSet(corners, rho)
    honest = min_norm_denoiser(train)
    lower, upper, _ = check_certificate(honest.certificate, train, honest.network)
    assert lower == pytest.approx(upper, rel=1e-6)
    sides = sides_of_balls(honest.network, train).packed
    assert correction_cost(honest.network, train, sides) < 1e-9 * upper
    # A kink through a ball bends it: what that ball alone misses is no sum of what slabs can do.
    net = honest.network
    bent = ReLUNetwork(
        np.vstack([net.a, [[1e-8, 0.0]]]), np.vstack([net.w, [[1.0, 1.0]]]), np.append(net.b, -1.5), None, net.c
    )
    with pytest.raises(CertificateUndecided, match="do not tell all 4 apart"):
        check_certificate(Certificate(0.0, np.inf, 1e-6, Nothing()), train, bent)


@pytest.mark.parametrize(("size", "share"), [(150, 0.0), (200, 0.3)])
def test_what_ramps_of_many_points_in_the_plane_miss_by_rounding_is_priced(size, share):
    """Points amid so many others are told apart by narrow slabs only: of the widest alone there was no basis."""
    points = np.random.default_rng(0).standard_normal((size, 2))
    rho = share * TrainingSet(points, 0.0).separation
    denoiser = min_norm_denoiser(points, rho, method="ramps", time_limit=3)
    _, upper, _ = check_certificate(denoiser.certificate, denoiser.train, denoiser.network)
    assert upper == pytest.approx(denoiser.network.representation_cost, rel=1e-4)


def test_a_basis_of_slabs_has_every_pattern_on_its_side_of_the_slab():
    points, rho = np.random.default_rng(0).standard_normal((150, 2)), 1e-3
    slabs = basis_of_slabs(points, rho, np.zeros((0, 2)))
    assert np.linalg.matrix_rank(slabs.on[:, 1:].astype(float)) == len(slabs.half) == 149
    height = points @ slabs.w.T - slabs.middle
    assert (np.abs(height) >= slabs.half + rho - 1e-12).all()
    beyond = height.T > 0
    np.testing.assert_array_equal(beyond ^ beyond[:, :1], slabs.on)


def test_of_many_points_the_upper_value_is_finite_when_the_time_is_over():
    """Two thousand points in the plane: 15 s of slabs had ended in an infinite one."""
    points = np.random.default_rng(0).standard_normal((150, 2))
    denoiser = min_norm_denoiser(points, 0, method="ramps", time_limit=3)
    net, train = denoiser.network, denoiser.train
    stated = stated_upper(net, train, sure_miss(net, train), effort=Effort(1e-9))
    assert stated == pytest.approx(1.01 * net.representation_cost, rel=1e-12)


def test_patterns_that_are_a_basis_but_for_rounding_are_cut_down_with_all_that_belongs_to_them(monkeypatch):
    monkeypatch.setattr(slabs_module, "_invertible", lambda _: False)
    slabs = basis_of_slabs(np.random.default_rng(7).standard_normal((9, 3)), 0.1, np.zeros((0, 3)))
    assert len(slabs.on) == len(slabs.w) == len(slabs.middle) == len(slabs.half) == 7
