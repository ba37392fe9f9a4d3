"""Two points near each other: whatever row comes first, a checker finds what the solver stated."""

import itertools

import numpy as np
import pytest

from exactnorm import TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import Faces, bound

PAIR = np.array([[0.3, -0.2], [0.3 + 4e-7, -0.2 + 3e-7], [1.7, 0.4], [-0.5, 1.1]])
"""0.5e-6 apart in a set of size 2: rounding of the coordinates moves slopes between the two by a billionth."""


ORDERS = {
    (0.0, 4): [(0, 3, 2, 1), (3, 0, 2, 1), (2, 0, 1, 3)],
    (0.4, 4): [(0, 1, 2, 3), (2, 1, 0, 3), (3, 0, 1, 2)],
    (0.4, 3): list(itertools.permutations(range(3))),
}
"""Radius as a share of the distance of the two, number of points, and orders, some of them once refuted."""


@pytest.mark.parametrize(("share", "size"), ORDERS)
def test_in_every_order_of_the_rows_the_bracket_is_supported(share, size):
    brackets = []
    for order in ORDERS[share, size]:
        train = TrainingSet(PAIR[list(order)], share * 5e-7)
        found = min_norm_denoiser(train, method="program")
        lower, upper, _ = check_certificate(found.certificate, train, found.network)
        # The bound was stated with room for another machine's rounding, so that all of it is found.
        assert lower >= found.certificate.lower * (1 - 1e-10)
        assert found.certificate.gap < 1e-5
        brackets.append((lower, upper))
    lowest, highest = np.array(brackets).T
    assert lowest.max() <= highest.min()  # one optimum lies in all of them


def test_a_bound_by_faces_is_stated_so_that_coordinates_rounded_otherwise_support_it():
    train = TrainingSet(PAIR[[2, 1, 0, 3]], 2e-7)
    found = min_norm_denoiser(train, method="program").certificate
    assert isinstance(found.evidence, Faces)
    # Turned by a rounding: what another machine's linear algebra may make of the same points.
    for k in range(3):
        turn = 1e-16 * np.random.default_rng(k).integers(-3, 4)
        other = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) * (1 + 2e-16 * (k - 1))
        frame = type(found.evidence.frame)(
            train.points[0], other @ found.evidence.frame.axes, found.evidence.frame.scale
        )
        again = Faces(frame, found.evidence.B, found.patterns)
        assert bound(again, train) >= found.lower * (1 - 1e-10)
