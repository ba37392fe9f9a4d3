"""Forgeries made against the records of evidence and the files that hold them, by someone who has read both."""

import re
from dataclasses import replace

import numpy as np
import pytest
from altered import altered
from known_optima import KNOWN

from exactnorm import DenoiserPath, ReLUNetwork, TrainingSet, check_certificate, compare, load, min_norm_denoiser, save
from exactnorm.certify import Cells, Certificate, CertificateError, Faces, Nothing, Rays, bound
from exactnorm.certify.saved_evidence import OF_KIND
from exactnorm.cli import main


@pytest.fixture(scope="module")
def cells():
    points, rho, _ = KNOWN["equilateral"]
    return min_norm_denoiser(np.array(points, dtype=float), rho, method="program")


@pytest.fixture(scope="module")
def rays():
    points, rho, _ = KNOWN["orthogonal"]
    return min_norm_denoiser(np.array(points, dtype=float), rho)


def refused(denoiser, certificate, reason):
    with pytest.raises(CertificateError, match=reason):
        check_certificate(certificate, denoiser.train, denoiser.network)


class Generous(Rays):
    """Rays that would speak for themselves."""

    def bound(self, *_):
        return 1e9


def test_a_subclass_of_a_kind_of_evidence_is_none(rays):
    generous = Generous(rays.certificate.evidence.rows)
    refused(rays, replace(rays.certificate, evidence=generous), "Generous, which says nothing of noise balls")
    with pytest.raises(CertificateError, match="Generous"):
        bound(generous, rays.train)


def test_a_bound_of_points_that_are_on_no_rays(cells):
    triangle = cells.certificate.upper
    forged = replace(cells.certificate, evidence=Rays((0, 1, 2)), lower=triangle)
    refused(cells, forged, "the theorem does not apply: .*below 90°")
    # Two of them are, and what they give is less.
    assert bound(Rays((0, 1)), cells.train) < triangle
    refused(cells, replace(forged, evidence=Rays((0, 1))), "supports only")


def test_a_lower_bound_that_rests_on_nothing(rays):
    refused(rays, replace(rays.certificate, evidence=Nothing()), "supports only")
    unproved = replace(rays.certificate, evidence=Nothing(), lower=0.0)
    assert check_certificate(unproved, rays.train, rays.network)[0] == 0


def test_what_a_record_says_of_itself_counts_for_nothing(cells):
    evidence = altered(cells.certificate, B=2 * cells.certificate.evidence.B).evidence
    for name, value in (("kind", "theorem"), ("statement", "proved"), ("claim", 1e9)):
        object.__setattr__(evidence, name, value)
    claim = 2 * cells.certificate.upper
    refused(cells, replace(cells.certificate, evidence=evidence, lower=claim, upper=claim), "supports only")


def test_rows_that_are_a_tuple_of_another_sort(rays):
    class Rows(tuple):
        __slots__ = ()

        def __len__(self):
            return 2

    refused(rays, altered(rays.certificate, rows=Rows((0, 1, 2))), "not a tuple")


def test_cells_of_one_set_and_the_frame_of_another(cells):
    points, rho, _ = KNOWN["obtuse"]
    other = min_norm_denoiser(np.array(points, dtype=float), rho, method="program").certificate
    mixed = Cells(other.evidence.frame, cells.certificate.evidence.B, cells.certificate.evidence.proofs)
    refused(cells, replace(cells.certificate, evidence=mixed), "the frame")
    faces = Faces(cells.certificate.evidence.frame, other.evidence.B, 3)
    refused(cells, replace(cells.certificate, evidence=faces), "supports only")


@pytest.mark.parametrize("kind", [*OF_KIND, "revelation"])
def test_a_file_holds_the_arrays_of_its_kind_and_no_others(kind, cells, tmp_path):
    file = tmp_path / "one.npz"
    save(file, cells)
    with np.load(file) as data:
        arrays = dict(data)
    assert str(arrays["evidence"]) == "cells"
    np.savez(file, **{**arrays, "evidence": np.str_(kind)})
    if kind == "cells":
        assert check_certificate(load(file).certificate, cells.train, cells.network)
    else:
        with pytest.raises(ValueError, match="evidence of kind"):
            load(file)
    for name in ("rays", "patterns", "multipliers", "weight_decay"):
        more = {"rays": np.array([0, 1]), "patterns": np.int64(3), "multipliers": np.zeros((3, 2)), "weight_decay": 0.1}
        np.savez(file, **arrays, **{name: more[name]})
        with pytest.raises(ValueError, match=f"has an array '{name}'"):
            load(file)


def test_every_level_of_a_saved_path_is_checked(tmp_path, capsys):
    points = [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]
    path = DenoiserPath(points, [0.1, 0.2, 0.3])
    save(tmp_path / "path", path)
    assert main(["check", str(tmp_path / "path")]) == 0
    out = capsys.readouterr().out
    assert "Every certificate supports what it states" in out
    for one in path.denoisers:
        assert re.search(rf"{one.train.rho:g} .*{one.certificate.lower:.4f}", out), out
    assert main(["check", str(tmp_path / "path"), "--rho", "0.1"]) == 2
    capsys.readouterr()
    # The bound of the largest radius, stated at the middle one.
    middle, largest = path.denoisers[1:]
    claim = replace(middle.certificate, lower=largest.certificate.lower, upper=largest.certificate.upper)
    save(tmp_path / "path" / "level0001.npz", replace(middle, certificate=claim))
    assert main(["check", str(tmp_path / "path")]) == 1
    assert "refuted: rho=0.2: " in capsys.readouterr().err
    (tmp_path / "path" / "level0002.npz").unlink()
    assert main(["check", str(tmp_path / "path")]) == 2
    assert "lacks " in capsys.readouterr().err


def lost_in_rounding(neurons, large):
    """A denoiser of 0 and 1 whose ramp is not steep enough, and a free affine map that hides it from floating point.

    Pairs of large neurons cancel; between them stand small ones, each less than half a unit in the last place of the
    running sum.
    """
    rho, high = 0.4, 1.25e8 / large
    term = 0.49 * np.spacing(high)
    lack = neurons * term / 2
    parts = [
        (np.ones(large), np.zeros(large), np.full(large, high)),
        (-np.ones(neurons), np.full(neurons, term), np.full(neurons, 1.01 * rho * term)),
        (-np.ones(large), np.zeros(large), np.full(large, high)),
        (np.array([1.0, -1.0]) * (1 - 2 * lack) / (1 - 2 * rho), np.ones(2), np.array([-rho, rho - 1])),
    ]
    a, w, b = (np.concatenate(one) for one in zip(*parts, strict=True))
    train = TrainingSet([[0.0], [1.0]], rho)
    network = ReLUNetwork(a[:, None], w[:, None], b, np.array([[2 * lack]]), np.zeros(1))
    return train, replace(network, c=-network(train.points)[0])


@pytest.mark.parametrize(("neurons", "large"), [(1000, 32), (1900, 32), (1800, 64)])
@pytest.mark.parametrize("told", [1e-9, 1e-6])
def test_a_miss_that_rounding_hides_is_found_and_priced(neurons, large, told):
    train, network = lost_in_rounding(neurons, large)
    cost = network.representation_cost
    assert cost < 10 * (1 - 1e-7)  # less than the least cost, 2/(1 - 0.8)
    with pytest.raises(CertificateError, match="states"):
        check_certificate(Certificate(cost * (1 - 1e-10), cost, told, Rays((0, 1))), train, network)


def test_a_caller_who_hands_the_wrong_record_is_told_and_no_certificate_is_blamed(rays):
    for given, word in (
        ((rays, rays.train, rays.network), "certificate"),
        ((rays.certificate, rays, rays.network), "train"),
        ((rays.certificate, rays.train.points.tolist(), rays.network), "train"),
        ((rays.certificate, rays.train, rays), "network"),
    ):
        with pytest.raises(TypeError, match=f"{word} is a"):
            check_certificate(*given)
    with pytest.raises(ValueError, match="without quotation marks"):
        check_certificate(rays.certificate, rays.train, rays.network, time_limit="3")
    with pytest.raises(TypeError, match="give the network first"):
        compare(rays, rays.network)
