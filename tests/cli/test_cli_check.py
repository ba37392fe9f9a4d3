"""`exactnorm check`."""

from dataclasses import replace

import pytest
from cli_records import strict

import exactnorm


def test_check_recomputes_a_saved_certificate_and_refuses_one_that_claims_too_much(run, folder):
    run("solve", "acute", "--out", folder / "denoiser.npz")
    status, out, err = run("check", "denoiser.npz", "--json")
    assert (status, err) == (0, "")
    rows = {row["quantity"]: row for row in strict(out)}
    assert rows["lower bound"]["recomputed"] == pytest.approx(rows["lower bound"]["stated"], rel=1e-9)
    assert rows["lower bound"]["recomputed"] <= rows["cost of the network"]["recomputed"]
    assert "supports what it states" in run("check", "denoiser.npz")[1]

    denoiser = exactnorm.load("denoiser.npz")
    boast = replace(denoiser, certificate=replace(denoiser.certificate, lower=denoiser.certificate.lower * 1.001))
    exactnorm.save("boast.npz", boast)
    status, out, err = run("check", "boast.npz")
    assert (status, out) == (1, "")
    assert "supports only" in err


def test_check_recomputes_a_network_for_a_finite_problem_too(run, folder):
    found = exactnorm.min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0])
    exactnorm.save_network(folder / "hat.npz", found)
    status, out, _ = run("check", "hat.npz", "--json")
    assert status == 0
    rows = {row["quantity"]: row for row in strict(out)}
    assert rows["lower bound"]["recomputed"] == pytest.approx(2, rel=1e-12)
    better = replace(found, certificate=replace(found.certificate, lower=2.1, upper=2.2))
    exactnorm.save_network(folder / "hat.npz", better)
    status, out, err = run("check", "hat.npz")
    assert (status, out) == (1, "")
    assert "supports only" in err


def test_check_of_a_missing_or_foreign_file_is_bad_input(run, folder):
    (folder / "other.npz").write_bytes(b"not a zip file")
    for name, sentence in (("gone.npz", "there is no file"), ("other.npz", "does not hold a denoiser")):
        status, out, err = run("check", name)
        assert (status, out) == (2, "")
        assert sentence in err
