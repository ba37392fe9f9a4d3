"""In thousands of dimensions sums of coordinates are rounded more often, and bounds are bounds all the same."""

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from exactnorm import TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import Faces, bound
from exactnorm.geometry import Frame, affine_hull
from exactnorm.patterns import kink_patterns

pytestmark = pytest.mark.skipif(
    np.finfo(np.longdouble).eps == np.finfo(float).eps, reason="long floats are no longer than others here"
)


def square(turn):
    """A square with one corner off, turned, in the plane."""
    cosine, sine = np.cos(turn), np.sin(turn)
    return np.array([[0, 0], [1, 0], [0, 1], [1.01, 1.01]]) @ np.array([[cosine, sine], [-sine, cosine]])


def apart(p, q):
    return [Fraction(float(y)) - Fraction(float(x)) for x, y in zip(p, q, strict=True)]


def root(square):
    with localcontext() as context:
        context.prec = 60
        return (Decimal(square.numerator) / Decimal(square.denominator)).sqrt()


def dot(v, w):
    return sum(x * y for x, y in zip(v, w, strict=True))


def least_cost(points, rho, copies):
    """At most: rows, columns, and what the corner is off them, across the gap between it and its two neighbours.

    Each coordinate of the points is there so many times. In Fractions and 60 digits.
    """
    first, second, corner = apart(points[0], points[1]), apart(points[0], points[2]), apart(points[1], points[3])
    across = apart(points[1], points[2])
    jump = [x - y for x, y in zip(corner, second, strict=True)]
    normal = [-across[1], across[0]]
    with localcontext() as context:
        context.prec = 60
        unit = Decimal(copies).sqrt()
        two = 2 * Decimal(rho)
        gap = abs(Decimal(dot(corner, normal).numerator) / Decimal(dot(corner, normal).denominator))
        gap = gap / root(dot(normal, normal)) * unit
        sides = [root(dot(v, v)) * unit for v in (first, second)]
        cost = sum(2 * side / (side - two) for side in sides) + 2 * root(dot(jump, jump)) * unit / (gap - two)
        return cost, gap - two


def best_matrices(frame, X, rho):
    """B with B (w, b) = 2/(L − 2ρ) times the height of the middle of a segment of length L, for three of them."""

    def across(start, end, value):
        length, value = np.linalg.norm(end - start), value / np.linalg.norm(value)
        return 2 / (length - 2 * rho) * np.column_stack([np.outer(value, (start + end) / 2), value])

    edge = X[2] - X[1]
    foot = X[1] + edge * ((X[3] - X[1]) @ edge) / (edge @ edge)
    corner = across(foot, X[3], X[3] - X[1] - X[2])
    column, row = across(X[0], X[1], X[1]), across(X[0], X[2], X[2])
    return Faces(frame, np.stack([column - corner, row - corner, corner]), len(kink_patterns(X, rho)))


@pytest.mark.parametrize("copies", [1, 500])
def test_the_best_dual_matrices_bound_no_more_than_a_network_costs(copies):
    highest = -1.0
    for trial in range(13):
        points = square(0.5 * trial + 0.1)
        rho = (math.sqrt(0.5) + (1 - 1e-7) * 0.01 * math.sqrt(2)) / 2 * math.sqrt(copies)
        cost, gap = least_cost(points, rho, copies)
        assert 0 < gap < 2e-7
        train = TrainingSet(np.repeat(points, copies, axis=1), rho)
        own = affine_hull(train.points)
        for angle in range(13):  # as whoever wants to be believed may choose
            turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
            frame = Frame(own.origin, np.ascontiguousarray(turn @ own.axes), own.scale)
            evidence = best_matrices(frame, frame.coordinates(train.points), rho / frame.scale)
            highest = max(highest, float(Decimal(bound(evidence, train)) / cost) - 1)
    assert -1e-3 < highest < -1e-6


@pytest.mark.parametrize("copies", [1, 50, 5000])
def test_distances_in_sharp_coordinates_are_those_of_the_points_to_the_last_digits(copies):
    for seed in range(6):
        points = np.random.default_rng(seed).standard_normal((4, 2))
        train = np.repeat(points, copies, axis=1)
        frame = affine_hull(train)
        X = frame.sharp_coordinates(train)
        for n in range(1, 4):
            exact = float(root(dot(apart(points[0], points[n]), apart(points[0], points[n])) * copies))
            assert frame.scale * np.linalg.norm(X[n]) == pytest.approx(exact, rel=4 * np.finfo(float).eps)


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_what_is_solved_in_thousands_of_dimensions_is_supported_though_balls_nearly_touch(seed):
    points = np.repeat(np.random.default_rng(seed).standard_normal((4, 2)), 2500, axis=1)
    train = TrainingSet(points)
    found = min_norm_denoiser(points, 0.4995 * train.separation, method="program")
    assert found.certificate.upper < np.inf
    check_certificate(found.certificate, found.train, found.network)
