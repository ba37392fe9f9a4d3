"""Degenerate and extreme sets by the dozen: a bracket that holds in exact arithmetic, or a sentence."""

from collections import Counter

import generated_cases
import numpy as np
import pytest
from generated_cases import FAMILIES, formula, judged

import exactnorm

SETS = ([[0.1], [1.3], [4.0]], [[0.0, 0.1], [0.7, 0.6], [0.3, -1.9]], [[-0.13, 0.2, 3.1], [1.21, 0.7, 2.9]])


def test_no_bracket_of_a_share_of_the_cases_is_wrong():
    found = [judged(number) for number in range(9 * 11)]
    assert [why for _, _, why in found if why] == []
    counts = Counter(family for family, _, _ in found)
    assert counts == {one.__name__: 11 for one in FAMILIES}
    assert sum("with a formula" in outcome for _, outcome, _ in found) >= 60  # else nothing was held against anything


@pytest.mark.parametrize("points", SETS)
def test_near_contact_the_bracket_is_as_wide_as_rounding_until_it_is_refused(points):
    points = np.array(points)
    for share in (1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13):
        rho = 0.5 * generated_cases.distances(points).min() * (1 - share)
        truth, found = float(formula(points, rho)), generated_cases.solved(points, rho, "CLARABEL")
        assert found == "refused" if isinstance(found, str) else found[0] <= truth <= found[1]
        if share >= 1e-8:
            assert found[2] <= 1e-4  # and of these none is refused
    with pytest.raises(ValueError, match="too narrow for floating point"):
        exactnorm.min_norm_denoiser(points, 0.5 * generated_cases.distances(points).min() * (1 - 1e-14))


def test_far_from_the_origin_the_remedy_is_to_move_the_set():
    with pytest.raises(ValueError, match="subtract one of the points from all"):
        exactnorm.min_norm_denoiser([[1e10, 1e10], [1e10 + 1, 1e10], [1e10 + 0.5, 1e10 + 0.9]], 0.1)
    assert exactnorm.min_norm_denoiser([[0.0, 0.0], [1.0, 0.0], [0.5, 0.9]], 0.1).certificate.gap <= 1e-6


@pytest.mark.parametrize("factor", [0.999, 1.001])
def test_a_wrong_bracket_would_be_seen(factor, monkeypatch):
    def wrong(points, rho, _):
        truth = float(formula(points, rho))
        return truth * factor, truth * factor, 0.0

    number = next(n for n in range(9, 100) if formula(*generated_cases.case(n)[1:]) is not None)
    monkeypatch.setattr(generated_cases, "solved", wrong)
    assert judged(number)[1] == "WRONG"


@pytest.mark.slow
def test_no_bracket_of_many_cases_is_wrong():
    assert [why for _, _, why in map(judged, range(1000, 6000)) if why] == []
