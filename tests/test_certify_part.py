"""The lower bound of a part of the points: what it is, what is supported, and forgeries of it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import pdist

import exactnorm
from exactnorm import TrainingSet, check_certificate, min_norm_denoiser
from exactnorm.certify import Cells, CertificateError, Faces, Part, Rays, Segments, bound
from exactnorm.report import what_is_shown


@pytest.fixture(scope="module")
def seven():
    """Seven points in space, and five of them alone."""
    points = np.random.default_rng(11).standard_normal((7, 3))
    rho = 0.3 * pdist(points).min()
    return min_norm_denoiser(points, rho, tol=1e-4), min_norm_denoiser(points[ROWS, :], rho, tol=1e-4, method="program")


ROWS = (0, 2, 3, 5, 6)


def resting_on(found, evidence, lower):
    return replace(found.certificate, evidence=evidence, lower=lower)


@pytest.mark.parametrize("kind", [Cells, Faces, Segments])
def test_what_bounds_a_part_bounds_all_and_no_more(seven, kind, tmp_path):
    whole, part = seven
    inner = part.certificate.evidence
    if kind is Faces:
        inner = Faces(inner.frame, inner.B, len({one.cell.pattern.tobytes() for one in inner.proofs}))
    if kind is Segments:
        inner = Segments(np.array([[0, 1], [2, 4]]), np.array([1.0, 2.0]))
    evidence = Part(ROWS, inner)
    lower = bound(evidence, whole.train)
    assert lower == pytest.approx(bound(inner, part.train), rel=1e-12)
    assert 0 < lower < whole.certificate.upper
    if kind is not Segments:
        assert lower > 0.999 * part.certificate.lower
    certificate = resting_on(whole, evidence, lower)
    check_certificate(certificate, whole.train, whole.network)
    with pytest.raises(CertificateError, match="supports only"):
        check_certificate(replace(certificate, lower=lower * (1 + 1e-6)), whole.train, whole.network)
    exactnorm.save(tmp_path / "part.npz", replace(whole, certificate=certificate))
    again = exactnorm.load(tmp_path / "part.npz").certificate.evidence
    assert (again.rows, type(again.evidence)) == (ROWS, kind)
    assert bound(again, whole.train) == lower
    assert certificate.evidence.counts["points"] == 5
    assert "5 of the points" in certificate.statement


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ((0, 2, 3, 5, 5), "one twice"),
        ((0, 2, 3, 5, 7), "not there"),
        ((-7, 2, 3, 5, 6), "not there"),
        ((False, 2, 3, 5, 6), "bool"),
        ((0.0, 2, 3, 5, 6), "float"),
        ((2, 0, 3, 5, 6), "order of their rows"),
        ([0, 2, 3, 5, 6], "not a tuple"),
        (np.array(ROWS), "not a tuple"),
        ((0,), "give at least 2"),
        ((), "give at least 2"),
        ((0, 2, 3, 5), "shape"),  # cells of five points for four
        ((0, 1, 3, 5, 6), "the frame's unit"),  # others
        (tuple(range(7)), "the frame's unit"),
    ],
)
def test_rows_that_are_not_those_of_the_part_are_refused(seven, rows, sentence):
    whole, part = seven
    with pytest.raises(CertificateError, match=sentence):
        bound(Part(rows, part.certificate.evidence), whole.train)


def test_evidence_that_a_part_cannot_rest_on_is_refused(seven):
    whole, part = seven
    inner = part.certificate.evidence

    class Dearer(Cells):
        pass

    own = {name: getattr(inner, name) for name in ("frame", "B", "proofs")}
    for other in (Part(ROWS, inner), Rays((0, 1, 2)), Dearer(**own), None):
        with pytest.raises(CertificateError, match="a part of the points rests on"):
            bound(Part(ROWS, other), whole.train)
    with pytest.raises(CertificateError, match="says nothing of noise balls"):
        bound(type("Larger", (Part,), {})(ROWS, inner), whole.train)
    with pytest.raises(CertificateError):
        bound(inner, whole.train)  # the part's evidence as if it were that of all
    with pytest.raises(CertificateError):
        bound(Part(ROWS, min_norm_denoiser(whole.train, tol=1e-2, method="program").certificate.evidence), whole.train)


def test_what_is_shown_says_that_it_is_a_part(seven):
    whole, part = seven
    of_a_part = replace(whole, certificate=resting_on(whole, Part(ROWS, part.certificate.evidence), 1.0))
    assert "for 5 of the points alone." in what_is_shown(of_a_part)
    assert "alone" not in what_is_shown(part)


def test_a_larger_radius_or_other_points_are_not_those_of_the_part(seven):
    whole, part = seven
    certificate = resting_on(whole, Part(ROWS, part.certificate.evidence), part.certificate.lower)
    for points, rho in ((whole.train.points, 0.9 * whole.train.rho), (whole.train.points * [1, 1, 2], whole.train.rho)):
        with pytest.raises(CertificateError):
            check_certificate(certificate, TrainingSet(points, rho), whole.network)


def test_a_file_of_a_part_within_a_part_is_refused(seven, tmp_path):
    whole, part = seven
    file = tmp_path / "part.npz"
    exactnorm.save(file, replace(whole, certificate=resting_on(whole, Part(ROWS, part.certificate.evidence), 1.0)))
    with np.load(file) as data:
        arrays = dict(data)
    for name in ("part by part by cells", "part by rays", "cells"):
        np.savez(file, **(arrays | {"evidence": name}))
        with pytest.raises(ValueError, match="evidence of kind"):
            exactnorm.load(file)
    np.savez(file, **{name: value for name, value in arrays.items() if name != "part_rows"})
    with pytest.raises(ValueError, match="no 'part_rows'"):
        exactnorm.load(file)


@pytest.mark.parametrize("apart", [1e-3, 1.0])
def test_a_gap_between_bare_points_that_is_one_for_all_is_one_for_a_part(apart):
    """At ρ = 0 gaps of less than 1e-9 of the smallest distance do not count: of all points, not of the part."""
    points = np.array([[0, 0], [1, 1e-10], [2, 0], [0.7, 1.3], [1.4, -0.9]])
    part = min_norm_denoiser(points, 0.0, tol=1e-3, method="program").certificate
    whole = TrainingSet(np.vstack([points, points[-1] - [0, apart]]), 0.0)
    evidence = Part((0, 1, 2, 3, 4), part.evidence)
    if apart > 0.5:
        assert bound(evidence, whole) == pytest.approx(part.lower, rel=1e-9)
        return
    with pytest.raises(CertificateError, match="is not covered"):
        bound(evidence, whole)
