"""Work in steps gives what it gives in one piece: products of matrices, rows of cells, passes over a network, ranks."""

import math
from random import Random

import naive_verifier
import numpy as np
import pytest
from flint import fmpq, fmpq_mat, fmpz_mat
from forging import whole

from exactnorm.proof import matrices
from exactnorm.proof.cells import BLOCK, pairs, slack
from exactnorm.proof.limits import FREE, LONGEST, Limits, RefutedError, UndecidedError, limited
from exactnorm.proof.matrices import LONG, plus_times, squares, times
from exactnorm.proof.network import extent, upper_bound
from exactnorm.proof.problem import PRIME, balls, rank_of
from exactnorm.proof.rationals import SIGNIFICANT, short
from exactnorm.proof.records import ProvedCell, ProvedNeuron
from exactnorm.proof.verify import verify


def numbers(rng, count, digits=5):
    return [fmpq(rng.randrange(-(10**digits), 10**digits), rng.randrange(1, 10**digits)) for _ in range(count)]


def table(rng, rows, columns):
    return fmpq_mat(rows, columns, numbers(rng, rows * columns))


def entry_by_entry(A, B):
    return [
        [sum((A[i, k] * B[k, j] for k in range(A.ncols())), fmpq(0)) for j in range(B.ncols())]
        for i in range(A.nrows())
    ]


@pytest.mark.parametrize("bits", [0, LONG, LONG + 1, 10**6])
@pytest.mark.parametrize("step", [1, 10**5, 2**28])
@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 3, 4), (7, 0, 2), (0, 3, 3), (4, 6, 0)])
def test_products_in_steps(shape, step, bits, monkeypatch):
    monkeypatch.setattr(matrices, "STEP", step)
    rng = Random(0)
    A, B = table(rng, *shape[:2]), table(rng, *shape[1:])
    C = table(rng, shape[0], shape[2])
    wanted = entry_by_entry(A, B)
    looks = []
    found = times(A, B, Limits(lambda: looks.append(1)), bits)
    assert (found.nrows(), found.ncols()) == (shape[0], shape[2])
    assert [[found[i, j] for j in range(shape[2])] for i in range(shape[0])] == wanted
    assert step > 1 or len(looks) >= math.prod(shape[:1]) * (0 not in shape)
    before = fmpq_mat(C)
    assert plus_times(C, A, B, FREE, bits) == before + found


@pytest.mark.parametrize("bits", [100, LONG + 1])
def test_squared_lengths(bits):
    rng = Random(1)
    rows, half = table(rng, 6, 3), table(rng, 3, 3)
    gamma = half * half.transpose()
    assert squares(rows, gamma, FREE, bits) == [(rows * gamma * rows.transpose())[k, k] for k in range(6)]


def test_rows_of_a_cell_by_pairs_with_a_matrix_and_without():
    rng, count = Random(2), BLOCK + 30
    G = table(rng, count, 3)
    chosen = {tuple(sorted(rng.sample(range(count), 2))) for _ in range(500)}
    nu = tuple((n, m, one) for (n, m), one in zip(sorted(chosen), numbers(rng, len(chosen)), strict=True))
    full = fmpq_mat(count, count)
    for n, m, one in nu:
        full[n, m] = one
    cell = ProvedCell(2, -1, (), fmpq(0), nu, ())
    assert pairs(cell, G, FREE, 100) == full * G
    few = ProvedCell(2, -1, (), fmpq(0), tuple(one for one in nu if one[1] < 20), ())
    head = fmpq_mat([[G[n, k] for k in range(3)] for n in range(20)])
    assert pairs(few, head, FREE, 100).entries() == pairs(few, G, FREE, 100).entries()[:60]


@pytest.mark.parametrize("cuts", [0, BLOCK])
def test_the_matrix_of_a_cell_is_the_form_that_the_format_describes(cuts):
    # At random (θ, b, t): t² − |B(θ, b)|² − 2μ(θᵀΓθ − t²) − 2Σν g g' − 2Σ g (λᵀΓθ + τt), in fractions.
    rng, points = Random(3), np.array([[0.0, 0, 1], [1, 0.5, 0], [0.25, 1, 0], [2, 2, 1], [0, -1, 3]])
    rho = fmpq(1, 8)
    problem, on = balls(points, rho, [1, 2, 4], 0), 0b10110
    cut = tuple(tuple(numbers(rng, 3)) for _ in range(cuts))
    nu = tuple((n, m, one) for n, m, one in zip((0, 1, 0, 2), (3, 2, 4 + cuts, 3), numbers(rng, 4), strict=True))
    ell = tuple((n, tuple(numbers(rng, 4))) for n in (1, 4, 4 + cuts)[: 2 + bool(cuts)])
    mu, B = numbers(rng, 1)[0], table(rng, 3, 4)
    free, tangent = (ProvedCell(on, ball, cut, mu, nu, ell) for ball in (-1, 3))
    gamma = lambda u, v: (fmpq_mat([u]) * problem.gamma * fmpq_mat(3, 1, v))[0, 0]  # noqa: E731
    for _ in range(5):
        theta, b, t = numbers(rng, 3), *numbers(rng, 2)
        for cell in (free, tangent):
            if cell is tangent:  # ball 3 is off
                b = -rho * t - sum(problem.heights[3, i] * theta[i] for i in range(3))
            at = [sum(problem.heights[n, i] * theta[i] for i in range(3)) + b for n in range(5)]
            g = [(1 if on >> n & 1 else -1) * at[n] - rho * t for n in range(5)]
            g += [gamma(list(one), theta) for one in cut]
            image = (B * fmpq_mat(4, 1, [*theta, b])).entries()
            wanted = t * t - gamma(image, image) - 2 * mu * (gamma(theta, theta) - t * t)
            wanted -= 2 * sum(one * g[n] * g[m] for n, m, one in nu)
            wanted -= 2 * sum(g[n] * (gamma(list(one[:3]), theta) + one[3] * t) for n, one in ell)
            z = fmpq_mat([[*theta, b, t] if cell is free else [*theta, t]])
            for bits in (0, LONG + 1):
                assert (z * slack(problem, cell, B, FREE, bits) * z.transpose())[0, 0] == wanted


def network(r=2):
    """Ramps along the axes, between balls of radius 1/4 around the origin and the points at 1 on each."""
    listed = []
    for axis in range(r):
        w = tuple(fmpq(int(k == axis)) for k in range(r))
        for b, height in ((fmpq(-1, 4), fmpq(2)), (fmpq(-3, 4), fmpq(-2))):
            listed.append(ProvedNeuron(w, b, tuple(height * one for one in w)))
    return listed


def corner(r):
    return balls(np.vstack([np.zeros(r), np.eye(r)]), fmpq(1, 4), [*range(1, r + 1)], 0)


PROBLEM = corner(2)


@pytest.mark.parametrize("passes", [1, 2, 24])
def test_a_network_is_looked_at_in_several_passes(passes):
    problem, r, rng = corner(24), 24, Random(7)

    def within(neurons):
        """As much as the passes take, and no less than is needed for one of them."""
        bits = extent(neurons, FREE) + problem.bits
        return upper_bound(problem, neurons, Limits(bits=max((r + 1) * r * (r // passes), (r + 1) ** 2) * bits))

    assert within(network(r)) == 4 * r
    for _ in range(5):
        wrong, neuron, entry = network(r), rng.randrange(2 * r), rng.randrange(r)
        a = list(wrong[neuron].a)
        a[entry] += fmpq(1, 10**9)
        wrong[neuron] = ProvedNeuron(wrong[neuron].w, wrong[neuron].b, tuple(a))
        with pytest.raises(RefutedError, match=f"not constant on ball {neuron // 2 + 1}"):
            within(wrong)


def test_a_network_that_is_constant_elsewhere_is_refuted():
    wrong = network()
    far = ProvedNeuron((fmpq(0), fmpq(0)), fmpq(-1), (fmpq(1), fmpq(0)))
    assert upper_bound(PROBLEM, [*wrong, far]) == 8  # it is on nowhere
    moved = [ProvedNeuron(one.w, one.b, tuple(2 * x for x in one.a)) for one in wrong]
    with pytest.raises(RefutedError, match="does not map ball 1 to its centre"):
        upper_bound(PROBLEM, moved)


@pytest.mark.parametrize(
    ("rho", "b", "enters"),
    [
        ("1/4", "-9/8", 1),
        ("1/4", "-7/8", 1),
        ("1/4", "-1/8", 0),
        ("1/4", "-5/4", None),
        ("0", "-1", 1),
        ("0", "-9/8", None),
    ],
)
def test_a_kink_that_enters_a_ball_is_refuted_also_where_its_neuron_is_off_at_the_centre(rho, b, enters):
    problem = balls(np.array([[0.0, 0], [1, 0], [0, 1]]), fmpq(*map(int, rho.split("/"))), [1, 2], 0)
    one = ProvedNeuron((fmpq(1), fmpq(0)), fmpq(*map(int, b.split("/"))), (fmpq(0), fmpq(1, 2**20)))
    if enters is None:
        assert upper_bound(problem, [*network(), one]) == 8 + fmpq(1, 2**20)
        return
    with pytest.raises(RefutedError, match=f"the kink of neuron 4 enters ball {enters}"):
        upper_bound(problem, [*network(), one])


@pytest.mark.parametrize("seed", range(4))
def test_weights_of_segments_are_proved_up_to_what_fits_below_one_and_no_further(seed):
    rng = np.random.default_rng(seed)
    points, rho = rng.standard_normal((6, 3)), 0.01
    ends = [(i, j) if rng.random() < 0.5 else (j, i) for i in range(6) for j in range(i) if i - j < 4]
    e = np.array([points[j] - points[i] for i, j in ends])
    weights = rng.random(len(ends))
    weights /= np.linalg.eigvalsh((e.T * weights) @ e)[-1]
    length = np.linalg.norm(e, axis=1)
    bound = float((weights * length**2 * 2 * length / (length - 2 * rho)).sum())
    for factor, outcome in ((1 - 1e-9, "proved"), (1 + 1e-9, "refuted")):
        listed = [[i, j, f"{factor * one:.15f}"] for (i, j), one in zip(ends, weights, strict=True)]
        text = whole(points, rho, {"kind": "segments", "segments": listed}, "0")
        verdict = verify(text, points, rho)
        assert verdict.outcome == naive_verifier.judge(text, points.tolist(), rho)[0] == outcome
        assert outcome == "refuted" or float(verdict.lower) == pytest.approx(bound, rel=1e-8)


def test_what_is_too_much_is_said_before_it_is_taken():
    with pytest.raises(UndecidedError, match="what the network supplies to the balls may take 60 numbers of"):
        upper_bound(PROBLEM, network(), Limits(bits=500))
    with pytest.raises(UndecidedError, match="sums may take a number of 157827 digits: at most 157826 are"):
        FREE.room(1, LONGEST + 1, "sums")
    FREE.room(1, LONGEST, "sums")


def test_the_extent_of_numbers_bounds_their_sums():
    rng = Random(4)
    for count, digits in ((1, 3), (30, 4), (40, 60), (300, 30)):
        listed = numbers(rng, count, digits)
        total = sum((abs(one) for one in listed), fmpq(0))
        assert total.p.bit_length() + total.q.bit_length() <= FREE.extent(listed, "a sum") + count.bit_length()
    assert FREE.extent([], "nothing") == 0


def test_numbers_are_shortened_to_the_side_that_is_asked_for():
    rng = Random(5)
    for one in [*numbers(rng, 50, 80), fmpq(0), fmpq(1, 3), -(fmpq(10) ** 90) / 7, fmpq(1, 7 * 10**90), fmpq(5)]:
        low, high = short(one, upper=False), short(one, upper=True)
        assert low <= one <= high
        assert high - low <= abs(one) / fmpq(2) ** (SIGNIFICANT - 2)
        assert short(-one, upper=True) == -low


SEVERAL = [0, 0, 1, -2, 3, PRIME, 2 * PRIME, 2**70]


def test_ranks_are_those_of_elimination():
    rng = Random(6)
    for _ in range(300):
        rows, columns, inner = rng.randrange(1, 7), rng.randrange(1, 7), rng.randrange(1, 5)
        left, right = (rng.choices(SEVERAL, k=count) for count in (rows * inner, inner * columns))
        M = fmpz_mat(rows, inner, left) * fmpz_mat(inner, columns, right)
        assert rank_of(M) == M.rank()
    assert rank_of(fmpz_mat([[PRIME, 0], [0, 1]])) == 2


@pytest.mark.parametrize("seconds", [-1.0, math.nan])
def test_a_time_limit_that_is_none_is_refused(seconds):
    with pytest.raises(ValueError, match="time_limit="):
        limited(seconds, 10)
