"""Score flow to its limit at small radii: the number of steps does not grow as 1/ρ, and where it goes is right."""

import math

import mpmath
import numpy as np
import pytest

from exactnorm.closed_form import one_versus_rest, orthogonal
from exactnorm.flow import closed_score_flow, score_flow
from exactnorm.flow.score import pieces
from exactnorm.flow.score.reduction import Block

TRIANGLE = np.array([[0.0, 0.0], [1.0, 0.0], [0.4, 0.9]])
STARTS = np.array([[0.3, 0.3], [0.8, 0.1], [0.5, 0.6]])
RADII = [10.0**-n for n in range(1, 10)]


@pytest.fixture
def steps(monkeypatch):
    """How many times the field ahead was looked at."""
    count, look = [0], pieces.ahead

    def counted(*args):
        count[0] += 1
        return look(*args)

    monkeypatch.setattr(pieces, "ahead", counted)
    return count


def test_three_starts_on_a_triangle_take_no_more_steps_at_a_radius_of_1e_9_than_at_1e_2(steps):
    taken = []
    for rho in RADII:
        steps[0] = 0
        flow = score_flow(one_versus_rest(TRIANGLE, rho), STARTS, math.inf)
        taken.append(steps[0])
        assert flow.complete, rho
        np.testing.assert_allclose(flow.endpoint, TRIANGLE, rtol=0, atol=1e-12)
    assert max(taken) <= 60


@pytest.mark.parametrize("rho", [1e-2, 1e-5, 1e-8])
def test_every_crossing_is_where_forty_digits_put_it(rho):
    network = one_versus_rest(TRIANGLE, rho)
    flow = score_flow(network, STARTS, math.inf)
    for row, start in enumerate(STARTS):
        crossed = flow.events.rows(flow.events.start == row)
        assert len(crossed) >= 2
        times = forty_digits(network, start, flow.visited(row)[1][0], crossed.kink)
        # The network's slopes are known to 1e-16, of which the slow rates are ρ: that share of the time is rounding.
        np.testing.assert_allclose(crossed.time, times, rtol=1e-13 + 1e-15 / rho)


def forty_digits(network, start, active, kinks):
    """Flow times at which the kinks are crossed, one after the other, from matrix exponentials in 40 digits."""
    with mpmath.workdps(40):
        z, u, times, on = mpmath.matrix([*start.tolist(), 1.0]), mpmath.mpf(0), [], active.copy()
        for kink in kinks:
            M = mpmath.zeros(3)
            a, w, b = (mpmath.matrix(x.tolist()) for x in (network.a * on[:, None], network.w, network.b))
            M[:2, :2], M[:2, 2] = a.T * w - mpmath.eye(2), a.T * b + mpmath.matrix(network.c.tolist())
            values, vectors = mpmath.eig(M)
            share, row = mpmath.lu_solve(vectors, z), mpmath.matrix([[*network.w[kink], network.b[kink]]])

            def state(s, values=values, vectors=vectors, share=share):
                return vectors * mpmath.matrix([mpmath.exp(v * s) * x for v, x in zip(values, share, strict=True)])

            def distance(s, row=row, state=state):
                return mpmath.re((row * state(s))[0])

            # Outwards from nothing until the sign changes, then bisection in the logarithm, then Newton's method.
            first = mpmath.mpf(10) ** -6
            side, low = distance(first) > 0, first
            while (distance(low * mpmath.mpf("1.1")) > 0) == side:
                low *= mpmath.mpf("1.1")
            wait = mpmath.findroot(distance, (low, low * mpmath.mpf("1.1")), solver="anderson", tol=1e-60)
            z, u = state(wait).apply(mpmath.re), u + wait
            times.append(float(u))
            on[kink] = ~on[kink]
    return times


@pytest.mark.parametrize("rho", [1e-2, 1e-5, 1e-8])
def test_orthogonal_coordinates_turned_and_solved_together_follow_their_closed_form(rho, steps):
    turn = np.linalg.qr(np.random.default_rng(3).standard_normal((3, 3)))[0]
    points = np.vstack([np.zeros(3), np.diag([1.0, 1.5, 2.0])]) @ turn
    network = orthogonal(points, rho)
    rng = np.random.default_rng(4)
    starts = (rng.random((20, 3)) * [1.0, 1.5, 2.0]) @ turn
    norm = np.linalg.norm(network.w, axis=1)
    block = Block(
        axes=np.eye(3),
        a=network.a * norm[:, None],
        w=network.w / norm[:, None],
        b=network.b / norm,
        A=-np.eye(3),
        e=network.c,
        kinks=np.arange(network.neurons),
        rounding=np.full(network.neurons, 1e-15),
    )
    times = np.array([0.1, 1.0, 10.0, math.inf]) / rho
    solved = pieces.solve_pieces(block, starts, times, 20_000)
    assert steps[0] <= 400
    for n, u in enumerate(times):
        expected = closed_score_flow(points, rho, starts, u)
        # A time that is off by a share of 1e-15/ρ moves a state by that share of the way, a few lengths.
        np.testing.assert_allclose(solved.states[:, n], expected, rtol=0, atol=1e-12 + 2e-14 / rho)


def test_slow_motion_alone_is_followed_to_the_same_place_as_both(monkeypatch):
    network, rng = one_versus_rest(TRIANGLE, 2e-3), np.random.default_rng(5)
    starts = rng.standard_normal((30, 2))
    times = [3.0, 100.0, 600.0]
    fast = score_flow(network, starts, math.inf, times=times)
    monkeypatch.setattr(pieces, "PATIENCE", math.inf)
    plain = score_flow(network, starts, math.inf, times=times)
    np.testing.assert_array_equal(fast.events.kink, plain.events.kink)
    assert len(fast.events) > 30
    np.testing.assert_allclose(fast.events.time, plain.events.time, rtol=1e-10)
    np.testing.assert_allclose(fast.states, plain.states, rtol=0, atol=1e-11)
    np.testing.assert_allclose(fast.endpoint, plain.endpoint, rtol=0, atol=1e-11)
