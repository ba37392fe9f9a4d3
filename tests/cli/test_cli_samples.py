"""`exactnorm solve` with noisy samples."""

import os

import numpy as np
import pytest
from cli_records import KEYS, strict, written

import exactnorm
from exactnorm import problems

SAMPLES = [np.array([[-0.1], [0.2]]), np.array([[0.9], [1.0], [1.1]]), np.array([[2.3]])]


def with_samples(folder):
    """Three points on a line; their samples as .npz and .csv."""
    (folder / "points.csv").write_text("0.0\n1\n2.5\n", encoding="utf-8")
    np.savez(folder / "samples.npz", *SAMPLES)
    lines = [f"{n},{y}\n" for n, one in enumerate(SAMPLES) for (y,) in one]
    (folder / "samples.csv").write_text("".join(reversed(lines)), encoding="utf-8")


@pytest.mark.parametrize("name", ["samples.npz", "samples.csv"])
def test_solve_reads_noisy_samples(run, folder, name):
    with_samples(folder)
    status, out, _ = run("solve", "points.csv", "--samples-file", name, "--json", "--out", "result.npz")
    record = strict(out)
    assert status == 0
    assert list(record) == [*KEYS, "samples", "weight_decay"]
    assert (record["samples"], record["weight_decay"]) == (6, None)
    # Ramps from 0.2 to 0.9 and from 1.1 to the last sample, where the second need not bend again.
    cost = 2 / 0.7 + 1.5 / 1.2
    assert record["lower"] <= cost * (1 + 1e-9)
    assert record["upper"] == pytest.approx(cost, rel=1e-9)
    status, _, _ = run("check", "result.npz")
    assert status == 0


def test_solve_reads_an_array_of_samples_and_weighs_them(run, folder):
    points = problems.acute().train.points
    samples = points[:, None] + 0.1 * np.random.default_rng(0).standard_normal((3, 4, 2))
    np.save(folder / "samples.npy", samples)
    status, out, _ = run("solve", "acute", "--samples-file", "samples.npy", "--weight-decay", 0.01, "--json")
    record = strict(out)
    train = exactnorm.TrainingSet.from_samples(points, samples)
    certificate = exactnorm.min_norm_denoiser(train, weight_decay=0.01).certificate
    assert status == 0
    assert (record["lower"], record["upper"]) == (certificate.lower, certificate.upper)
    assert (record["samples"], record["weight_decay"], record["interpolation_error"]) == (12, 0.01, None)
    status, out, _ = run("solve", "acute", "--samples-file", "samples.npy", "--weight-decay", 0.01)
    assert status == 0
    assert "noisy samples" in out


BAD_SAMPLES = {
    "a missing file": ("gone.npz", None, (), "there is no file 'gone.npz'"),
    "another kind of file": ("samples.xml", "0,1\n", (), "samples are read from .npy, .npz, .csv, .tsv and .txt files"),
    "not a npz file": ("other.npz", b"PK\x03\x04 and so on", (), "is not a .npz file of arrays of numbers"),
    "a table": ("flat.npy", np.zeros((3, 2)), (), "give one of shape (N, M, d)"),
    "too few points": ("two.npy", np.zeros((2, 4, 1)), (), "2 arrays for 3 points"),
    "another dimension": ("plane.npy", np.zeros((3, 4, 2)), (), "samples[0] has shape (4, 2)"),
    "NaN": ("nan.npy", np.full((3, 1, 1), np.nan), (), "every entry must be finite"),
    "a point without samples": ("none.csv", "0,0.1\n1,1.1\n", (), "samples[2] has shape (0, 1)"),
    "a point that is not there": ("three.csv", "0,0.1\n3,1.1\n", (), "sample 1: its first column is 3"),
    "a fraction of a point": ("half.csv", "0.5,0.1\n", (), "its first column is 0.5"),
    "equal samples of two points": ("same.csv", "0,1\n1,1\n2,2\n", (), "inputs 0 and 1 are equal"),
    "a radius too": ("samples.npz", None, ("--rho", 0.1), "--rho goes with noise balls"),
    "a noise level too": ("samples.npz", None, ("--sigma", 0.1), "--sigma goes with noise balls"),
    "no decay": ("samples.npz", None, ("--weight-decay", 0), "--weight-decay 0: it must be positive"),
    "a decay that is NaN": ("samples.npz", None, ("--weight-decay", "nan"), "--weight-decay=nan is not finite"),
}


@pytest.mark.parametrize(("name", "content", "more", "sentence"), BAD_SAMPLES.values(), ids=BAD_SAMPLES.keys())
def test_bad_samples_are_one_sentence_on_stderr_and_exit_status_2(run, folder, name, content, more, sentence):
    with_samples(folder)
    written(folder, name, content)
    before = sorted(os.listdir(folder))
    status, out, err = run("solve", "points.csv", "--samples-file", name, *more, "--out", "result.npz")
    assert (status, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1
    assert sorted(os.listdir(folder)) == before


def test_weight_decay_needs_samples(run):
    status, out, err = run("solve", "acute", "--weight-decay", "0.1")
    assert (status, out) == (2, "")
    assert "goes with --samples-file" in err
