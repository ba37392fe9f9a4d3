"""Corners of regular simplices, exactly or by floats, at all radii: proved by theorems, and by nothing less."""

import json
import time
from fractions import Fraction as F
from random import Random

import naive_verifier
import numpy as np
import pytest
from forging import refused_by_both, whole
from scipy.stats import ortho_group

from exactnorm import min_norm_denoiser
from exactnorm.certify.balls.simplex import simplex_lower_bound
from exactnorm.proof.verify import verify


def corners(count, turned):
    """One-hot rows, or these turned and moved, which floats cannot do exactly."""
    if not turned:
        return np.eye(count)
    return np.eye(count) @ ortho_group.rvs(count, random_state=count) + 0.3


def radius(count, share):
    """Of balls around one-hot rows, from a share of the height."""
    return share * np.sqrt(count / (count - 1))


def claim(count, share):
    """By the theorem of its range: N (N − 1) ramps' slopes, or λ from its quadratic equation, computed anew."""
    if (count, share) == (4, 0.475):
        return 116.98949474  # found by the program, of which theory.md tells
    return 2 * (count - 1) / (1 - 2 * share)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("count", "share"), [(4, 0.3), (4, 0.475), (9, 0.05), (10, 0.4)])
def test_both_verifiers_prove_the_least_cost_of_regular_simplices(count, share, turned):
    points, rho = corners(count, turned), radius(count, share)
    found = min_norm_denoiser(points, rho=rho).rigorous()
    ours, naive = verify(found.text, points, rho), naive_verifier.judge(found.text, points.tolist(), rho)
    assert (ours.outcome, naive[0]) == ("proved", "proved"), (ours.reasons, naive)
    assert float(ours.lower) == pytest.approx(claim(count, share), rel=1e-9)
    assert float(found.lower) <= claim(count, share) * (1 + 1e-9)
    assert found.gap <= 1e-10
    assert abs(float(ours.lower) - float(naive[1])) <= 1e-15 * float(naive[1])
    # Said of floats that are no corners exactly, and of them only.
    assert [sentence for sentence in found.said if "up to rounding only" in sentence] == list(found.said)
    assert len(found.said) == turned


@pytest.mark.parametrize(("count", "share"), [(3, 0.49999), (5, 0.4985), (9, 0.497)])
def test_near_contact_a_proof_states_what_the_theorem_does(count, share):
    points, rho = np.eye(count), radius(count, share)
    found = min_norm_denoiser(points, rho=rho).rigorous()
    assert json.loads(found.text)["lower"]["contact"] is not None
    assert verify(found.text, points, rho).outcome == "proved"
    # In floating point the theorem gives a little away for rounding, the more the narrower the gap between balls.
    assert simplex_lower_bound(points, rho) <= float(found.lower)
    assert float(found.lower) == pytest.approx(simplex_lower_bound(points, rho), rel=1e-7)
    assert float(found.upper) < 2 * (count - 1) / (1 - 2 * share) * (1 - 1e-3)
    assert found.gap <= 1e-9


def test_some_of_the_points_may_be_corners():
    points = np.vstack([np.eye(4), [[2.0, 2, 2, 2]]])
    low = {
        "kind": "nearly regular simplex",
        "corners": [0, 1, 2, 3],
        "between": ["1", "1"],
        "share": "0.0999999999",
        "contact": None,
    }
    # 2 (N − 1)/(1 − 2s) ≈ 7.5; ρ = 0.12 is 0.1039 of the height √(4/3).
    text = whole(points, 0.12, low, "7.4", basis=[1, 2, 3, 4])
    assert verify(text, points, 0.12).outcome == naive_verifier.judge(text, points.tolist(), 0.12)[0] == "proved"
    refused_by_both(whole(points, 0.12, low, "7.500001", basis=[1, 2, 3, 4]), points, 0.12)


CONTACT = json.loads(min_norm_denoiser(np.eye(4), rho=radius(4, 0.475)).rigorous().text)["lower"]
CONTACT["between"] = ["1", "1"]  # in the unit of forged texts
PLAIN = {
    "kind": "nearly regular simplex",
    "corners": [0, 1, 2, 3],
    "between": ["1", "1"],
    "share": "0.0999999999",
    "contact": None,
}


def altered(low, **given):
    """The evidence with some fields changed, those of `contact` among them."""
    out = json.loads(json.dumps(low))
    for name, value in given.items():
        (out["contact"] if name in ("slope", "inradius", "tilt") else out)[name] = value
    return out


def moved(low, name, factor):
    """One of the three numbers near contact, times a factor."""
    return altered(low, **{name: str(F(low["contact"][name]) * F(factor))})


NEARLY = np.eye(4) + np.diag([0, 0, 0, 1e-7])
FORGED = {
    "a slope above the root": (np.eye(4), 0.475, moved(CONTACT, "slope", "1.0000001"), "116.9895"),
    "a slope as if ramps were least": (np.eye(4), 0.475, altered(CONTACT, slope="40"), "119"),
    "an inradius of more than a face has": (np.eye(4), 0.475, moved(CONTACT, "inradius", "1.001"), "116"),
    "an inradius of nothing": (np.eye(4), 0.475, altered(CONTACT, inradius="0"), "116"),
    "a negative inradius": (np.eye(4), 0.475, moved(CONTACT, "inradius", "-1"), "116"),
    "a tilt below the largest": (np.eye(4), 0.475, moved(CONTACT, "tilt", "0.999"), "116"),
    "no tilt": (np.eye(4), 0.475, altered(CONTACT, tilt="0"), "116"),
    "a tilt of more than a right angle": (np.eye(4), 0.475, altered(CONTACT, tilt="1.5"), "116"),
    "a negative slope": (np.eye(4), 0.475, moved(CONTACT, "slope", "-1"), "0.1"),
    "balls larger than they are": (np.eye(4), 0.474, CONTACT, "116"),
    "balls of half the height": (np.eye(4), 0.6, altered(CONTACT, share="0.6"), "1"),
    "where ramps are not least, the cost of ramps": (np.eye(4), 0.475, altered(CONTACT, contact=None), "119"),
    "where kinks have two corners on either side, the theorem near contact": (
        np.eye(4),
        0.3,
        altered(CONTACT, share="0.2999", slope="5", tilt="0.4"),
        "14",
    ),
    "another simplex": (NEARLY, 0.1, PLAIN, "7.4"),
    "a simplex between sizes that are too near": (NEARLY, 0.1, altered(PLAIN, between=["1", "1.00000001"]), "7.4"),
    "sizes that do not begin low enough": (
        NEARLY[[3, 0, 1, 2]] * (1 - 1e-6),
        0.1,
        altered(PLAIN, between=["1", "1.1"]),
        "6",
    ),
    "sizes the wrong way round": (np.eye(4), 0.1, altered(PLAIN, between=["1.1", "0.9"]), "6"),
    "a size of nothing": (np.eye(4), 0.1, altered(PLAIN, between=["0", "2"]), "1"),
    "sizes so far apart that no ball is left": (
        np.eye(4),
        0.1,
        altered(PLAIN, between=["0.7", "1.3"], share="0.01"),
        "1",
    ),
    "the bound of exact corners for near ones": (
        NEARLY,
        0.1,
        altered(PLAIN, between=["0.9999", "1.0001"], share="0.0998"),
        "7.498",
    ),
    "no ball": (np.eye(4), 0.1, altered(PLAIN, share="0"), "6.1"),
    "a negative ball": (np.eye(4), 0.1, altered(PLAIN, share="-0.1"), "6.1"),
    "a corner twice": (np.eye(4), 0.1, altered(PLAIN, corners=[0, 1, 2, 3, 0]), "7"),
    "two corners": (np.eye(4), 0.1, altered(PLAIN, corners=[0, 1]), "2"),
    "a corner that is none": (np.eye(4), 0.1, altered(PLAIN, corners=[0, 1, 2, 4]), "2"),
    "no sizes": (np.eye(4), 0.1, altered(PLAIN, between=[]), "2"),
    "contact without numbers": (np.eye(4), 0.1, altered(PLAIN, contact={}), "2"),
}


def test_what_is_forged_below_is_sound_to_begin_with():
    for points, share, low, claimed in ((np.eye(4), 0.475, CONTACT, "116.9894"), (np.eye(4), 0.1, PLAIN, "7.49999")):
        text = whole(points, radius(4, share), low, claimed, basis=[1, 2, 3])
        naive = naive_verifier.judge(text, points.tolist(), radius(4, share))
        assert verify(text, points, radius(4, share)).outcome == naive[0] == "proved"


@pytest.mark.parametrize("name", FORGED)
def test_forged_simplices_are_refused_by_both(name):
    points, share, low, claimed = FORGED[name]
    refused_by_both(whole(points, radius(4, share), low, claimed, basis=[1, 2, 3]), points, radius(4, share))


def test_numbers_near_contact_that_are_too_long_are_left_undecided():
    rng = Random(1)
    longer = {
        name: f"{rng.randrange(10**18_000)}/{rng.randrange(10**18_000, 10**18_001)}"
        for name in ("slope", "inradius", "tilt")
    }
    text = whole(np.eye(4), radius(4, 0.475), altered(CONTACT, **longer), "116", basis=[1, 2, 3])
    start = time.process_time()
    verdict = verify(text, np.eye(4), radius(4, 0.475))
    assert time.process_time() - start < 1
    assert (verdict.outcome, "near contact" in verdict.reasons[0]) == ("undecided", True)


def test_last_digits_of_numbers_near_contact_are_refused():
    """As many digits as they have, they leave no room in the harmful direction but what the rounding of λ left."""
    for name, step in (("slope", 10**8), ("inradius", 1), ("tilt", -1)):
        text = CONTACT["contact"][name]
        digits = len(text.partition(".")[2])
        worse = altered(CONTACT, **{name: str(F(text) + F(step, 10**digits))})
        refused_by_both(whole(np.eye(4), radius(4, 0.475), worse, "116", basis=[1, 2, 3]), np.eye(4), radius(4, 0.475))
