"""`exactnorm check`."""

import time
from dataclasses import replace

import numpy as np
import pytest
from cli_records import strict

import exactnorm
from exactnorm.certify import Faces
from exactnorm.cli import check
from exactnorm.geometry import affine_hull


def test_check_recomputes_a_saved_certificate_and_refuses_one_that_claims_too_much(run, folder):
    run("solve", "acute", "--out", folder / "denoiser.npz")
    status, out, err = run("check", "denoiser.npz", "--json")
    assert (status, err) == (0, "")
    rows = {row["quantity"]: row for row in strict(out)}
    assert rows["lower bound"]["recomputed"] == pytest.approx(rows["lower bound"]["stated"], rel=1e-9)
    assert rows["lower bound"]["recomputed"] <= rows["cost of the network"]["recomputed"]
    assert "supports what it states" in run("check", "denoiser.npz")[1]

    denoiser = exactnorm.load("denoiser.npz")
    lower = denoiser.certificate.lower * 1.001
    boast = replace(denoiser, certificate=replace(denoiser.certificate, lower=lower, upper=lower))
    exactnorm.save("boast.npz", boast)
    status, out, err = run("check", "boast.npz")
    assert (status, out) == (1, "")
    assert "refuted" in err
    assert "supports only" in err
    crossed = replace(denoiser, certificate=replace(denoiser.certificate, lower=lower))
    exactnorm.save("crossed.npz", crossed)
    status, out, err = run("check", "crossed.npz")
    assert (status, out) == (1, "")
    assert "not one from 0 to its upper value" in err


def test_check_against_points_of_ones_own(run, folder):
    run("solve", "acute", "--out", folder / "denoiser.npz")
    status, out, err = run("check", "denoiser.npz", "--points", "acute", "--rho", "0.1")
    assert (status, err) == (0, "")
    assert "3 points in R^2, noise balls of radius 0.1" in out
    for options, sentence in (
        (["--points", "obtuse"], "other points than"),
        (["--rho", "0.2"], "for rho=0.1, not 0.2"),
    ):
        status, out, err = run("check", "denoiser.npz", *options)
        assert (status, out) == (1, "")
        assert sentence in err
    exactnorm.save("hat.npz", exactnorm.min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0]))
    assert run("check", "hat.npz", "--rho", "0.1")[0] == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--rho", "nan"], "--rho=nan is not finite"),
        (["--rho", "-0.1"], "--rho -0.1: give a radius >= 0"),
        (["--points", "complex.npy"], "complex.npy holds complex numbers"),
        (["--points", "records.npy"], "records.npy has named fields"),
    ],
)
def test_what_is_no_problem_is_bad_input_and_refutes_nothing(run, folder, options, sentence):
    run("solve", "acute", "--out", folder / "denoiser.npz")
    np.save("complex.npy", np.array([[1j, 0], [0, 1], [1, 1]]))
    np.save("records.npy", np.zeros(3, dtype=[("a", "f8"), ("b", "f8")]))
    status, out, err = run("check", "denoiser.npz", *options)
    assert (status, out) == (2, "")
    assert sentence in err


def test_a_check_that_does_not_end_in_time_or_has_too_much_to_do_is_undecided(run, folder):
    run("solve", "acute", "--out", folder / "denoiser.npz")
    status, out, err = run("check", "denoiser.npz", "--time-limit", "1e-6")
    assert (status, out) == (2, "")
    assert "undecided" in err
    assert run("check", "denoiser.npz", "--time-limit", "-1")[0] == 2
    # Forty points in twelve dimensions have too many patterns; a certificate that claims nothing needs none of them.
    points = np.random.default_rng(0).standard_normal((40, 12))
    train = exactnorm.TrainingSet(points, 0.01)
    wide = exactnorm.min_norm_denoiser(train)
    assert wide.certificate.kind == "theorem"
    exactnorm.save("wide.npz", wide)
    assert run("check", "wide.npz")[0] == 0
    evidence = Faces(affine_hull(points), np.zeros((39, 12, 13)), 1)
    claim = replace(wide.certificate, evidence=evidence, lower=1.0)
    exactnorm.save("claim.npz", replace(wide, certificate=claim))
    status, out, err = run("check", "claim.npz")
    assert (status, out) == (2, "")
    assert "undecided" in err
    assert "activation patterns" in err


def test_a_path_is_checked_level_by_level_and_told_in_one_table(run, folder):
    path = exactnorm.DenoiserPath([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]], [0.05, 0.125])
    exactnorm.save(folder / "path", path)
    status, out, err = run("check", "path")
    assert (status, err) == (0, "")
    for denoiser in path.denoisers:
        (line,) = (line for line in out.splitlines() if f"│ {denoiser.train.rho:>12g} │" in line)
        assert float(line.split("│")[2]) == pytest.approx(denoiser.certificate.lower, rel=1e-9)
    assert "3 points in R^2, noise balls of 2 radii" in out


def test_all_levels_of_a_path_share_the_time_limit(run, folder, monkeypatch):
    exactnorm.save(folder / "path", exactnorm.DenoiserPath([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]], [0.05, 0.1, 0.125]))
    handed, checked = [], check.check_certificate

    def slow(*of, time_limit):
        handed.append(time_limit)
        time.sleep(0.6)
        return checked(*of)

    monkeypatch.setattr(check, "check_certificate", slow)
    status, out, err = run("check", "path", "--time-limit", "1")
    assert (status, out) == (2, "")
    assert "undecided: rho=0.125: all levels have 1 seconds together, which are over" in err
    assert handed[0] == 1
    assert 0 < handed[1] <= 0.4
    assert len(handed) == 2


def test_check_recomputes_a_network_for_a_finite_problem_too(run, folder):
    found = exactnorm.min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0])
    exactnorm.save(folder / "hat.npz", found)
    status, out, _ = run("check", "hat.npz", "--json")
    assert status == 0
    rows = {row["quantity"]: row for row in strict(out)}
    assert rows["lower bound"]["recomputed"] == pytest.approx(2, rel=1e-12)
    better = replace(found, certificate=replace(found.certificate, lower=2.1, upper=2.2))
    exactnorm.save(folder / "hat.npz", better)
    status, out, err = run("check", "hat.npz")
    assert (status, out) == (1, "")
    assert "2.1" in err


def test_check_of_a_missing_or_foreign_file_is_bad_input(run, folder):
    (folder / "other.npz").write_bytes(b"not a zip file")
    (folder / "pipe.npz").mkdir()
    wrong = (("gone.npz", "there is no file"), ("other.npz", "does not hold a denoiser"), ("pipe.npz", "a directory"))
    for name, sentence in wrong:
        status, out, err = run("check", name)
        assert (status, out) == (2, "")
        assert sentence in err


def test_a_table_that_solve_read_with_options_is_checked_against_with_the_same(run, folder):
    (folder / "table.csv").write_text("0.0,0,0\n1.0,1,0\n2.0,0,2\n")
    status, _, err = run("solve", "table.csv", "--rho", 0.1)
    assert status == 2
    assert "--columns 2-3" in err
    assert run("solve", "table.csv", "--rho", 0.1, "--columns", "2-3", "--out", "table.npz")[0] == 0
    assert run("check", "table.npz", "--points", "table.csv", "--columns", "2-3", "--no-header")[0] == 0
    assert run("check", "table.npz", "--points", "table.csv")[0] == 2
