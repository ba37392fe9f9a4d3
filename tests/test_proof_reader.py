"""The reader of proofs: what is not one is refused in a sentence, however it is broken."""

import json
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from proof_corpus import problem_of, proved

from exactnorm.proof.definite import negative_pivot
from exactnorm.proof.document import read
from exactnorm.proof.rationals import above, below, decimal_text, quotient_text, rational, root, rounded
from exactnorm.proof.shapes import UnreadableProofError
from exactnorm.proof.verify import largest_file, verify, verify_network

POINTS, RHO = problem_of("line")


def changed(change):
    proof = json.loads(proved("line").text)
    change(proof)
    return json.dumps(proof)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "NaN",
        '{"format": NaN}',
        '{"format": 1e999}',
        "[" * 100_000,
        '{"format": "exactnorm proof"}',
        '{"a": 1, "a": 2}',
        "9" * 10_000,
        b"\xff\xfe",
        '{"format": ' + "9" * 10_000 + "}",
        '"' + "a" * 1000,
    ],
)
def test_what_is_no_proof_is_refused(text):
    with pytest.raises(UnreadableProofError):
        verify(text, POINTS, RHO)


def test_points_under_a_mask_are_no_points():
    hidden = np.ma.masked_array(POINTS, mask=[[False], [False], [True]])
    with pytest.raises(ValueError, match="masked in places"):
        verify(proved("line").text, hidden, RHO)
    assert verify(proved("line").text, np.ma.masked_array(POINTS), RHO).outcome == "proved"


@pytest.mark.parametrize("rho", [np.array([RHO]), [RHO], str(RHO), 1j, None, np.nan, -RHO, Decimal("0.1")])
def test_what_is_no_radius_is_refused_in_a_sentence(rho):
    with pytest.raises(ValueError, match=r"^rho=.*give "):
        verify(proved("line").text, POINTS, rho)
    with pytest.raises(ValueError, match=r"^weight_decay=.*give "):
        verify_network("", POINTS, POINTS, [0.1])


@pytest.mark.parametrize("rho", [np.float64(RHO), np.array(RHO), Fraction(RHO), Decimal(RHO)])
def test_a_radius_is_a_number_of_whatever_type(rho):
    assert verify(proved("line").text, POINTS, rho).outcome == "proved"


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "inf",
        "1e5",
        "0x10",
        "1/0",
        "1/-3",
        "",
        " 1",
        "1_000",
        "٣",
        "--1",
        "1.",
        ".5",
        "1/2/3",
        1,
        1.5,
        None,
        True,
        [],
        "1" * 40_001,
    ],
)
def test_what_is_no_number_is_refused(value):
    def change(proof):
        proof["claim"]["lower"] = value

    with pytest.raises(UnreadableProofError):
        read(changed(change))


@pytest.mark.parametrize(
    "change",
    [
        lambda proof: proof.pop("upper"),
        lambda proof: proof.update(more=1),
        lambda proof: proof.update(version=2),
        lambda proof: proof.update(format="another"),
        lambda proof: proof["claim"].update(about="x"),
        lambda proof: proof["points"].update(number=1),
        lambda proof: proof["points"].update(number=True),
        lambda proof: proof["points"].update(sha256="a" * 1000),
        lambda proof: proof["coordinates"].update(unit=5000),
        lambda proof: proof["coordinates"].update(basis=[-1]),
        lambda proof: proof["lower"].update(kind="cells"),
        lambda proof: proof["lower"].update(kind=["cells"]),
        lambda proof: proof["lower"].update(centre=7),
        lambda proof: proof["upper"]["neurons"][0].update(on=[1]),
        lambda proof: proof["upper"]["neurons"][0].update(w=["1", "2"]),
        lambda proof: proof["upper"]["neurons"].append(3),
    ],
)
def test_a_form_that_is_not_that_of_a_proof_is_refused(change):
    with pytest.raises(UnreadableProofError):
        verify(changed(change), POINTS, RHO)


def test_a_file_that_is_too_long_for_the_points_is_not_parsed():
    with pytest.raises(UnreadableProofError, match="at most"):
        verify(" " * (largest_file(*POINTS.shape) + 1), POINTS, RHO)


def test_huge_numbers_are_judged_and_do_not_overflow():
    def huge(proof):
        proof["claim"]["lower"] = "9" * 5000
        for neuron in proof["upper"]["neurons"]:
            neuron["a"] = ["9" * 5000]

    verdict = verify(changed(huge), POINTS, RHO)
    assert verdict.outcome == "refuted"

    def boast(proof):
        proof["claim"]["lower"] = "9" * 5000

    verdict = verify(changed(boast), POINTS, RHO)
    assert verdict.outcome == "refuted"
    assert "a lower bound of 1e4999 is claimed" in verdict.reasons[0]


@pytest.mark.parametrize(
    "points",
    [
        [[0.0]],
        [0.0, 1.0],
        [[np.nan], [1.0]],
        [[1e200], [1.0]],
        [["a"], ["b"]],
        np.array([[2**53 + 1], [0]]),
        np.array([[2**63 - 1], [0]]),
        np.array([[2**64 - 1], [0]], dtype=np.uint64),
        np.array([[np.longdouble("1e400")], [0]]),
    ],
)
def test_points_that_are_none_are_refused(points):
    with pytest.raises(ValueError, match="points"):
        verify(proved("line").text, points, RHO)


@pytest.mark.parametrize("rho", [-1.0, np.nan, np.inf])
def test_a_radius_that_is_none_is_refused(rho):
    with pytest.raises(ValueError, match="rho"):
        verify(proved("line").text, POINTS, rho)


fractions = st.fractions(max_denominator=10**12)
# On a busy machine the first example may take seconds, whatever is tested.
unhurried = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(fractions, st.integers(0, 20))
def test_rounding_is_on_the_right_side(value, digits):
    number, ulp = fmpq(value.numerator, value.denominator), fmpq(1, 10**digits)
    assert number - ulp < below(number, digits) <= number <= above(number, digits) < number + ulp
    assert abs(rounded(number, digits) - number) <= ulp / 2
    assert rounded(-number, digits) == -rounded(number, digits)
    assert rational(decimal_text(below(number, digits), digits)) == below(number, digits)
    assert rational(quotient_text(number)) == number
    assert Fraction(quotient_text(number)) == value


@unhurried
@given(st.fractions(min_value=0, max_denominator=10**12))
def test_roots_enclose(value):
    number = fmpq(value.numerator, value.denominator)
    low, high = root(number, upper=False), root(number, upper=True)
    assert low * low <= number <= high * high
    assert (high - low) * 10**30 <= high


@unhurried
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1), st.integers(0, 40))
def test_definiteness_is_told_however_near_to_zero(size, rank, seed, digits):
    rng = np.random.default_rng(seed)
    V = fmpq_mat(rank, size, [fmpq(int(x), 7) for x in rng.integers(-9, 10, size=rank * size)])
    S = V.transpose() * V
    assert negative_pivot(S) is None
    if rank < size:  # singular: a little less is not semidefinite, however little
        shift = fmpq(1, fmpq(10).p ** digits)
        lowered = S - fmpq_mat(size, size, [shift if i == j else 0 for i in range(size) for j in range(size)])
        pivot = negative_pivot(lowered)
        assert pivot is not None
        assert pivot < 0
