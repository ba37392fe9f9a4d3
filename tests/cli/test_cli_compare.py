"""`exactnorm compare`: the same numbers as `compare`, from files, with its sentence and its picture."""

import json

import numpy as np
import pytest
from cli_records import strict

import exactnorm
from exactnorm import interop, problems


@pytest.fixture
def files(folder):
    """A denoiser, and a network with outputs a fifth too small."""
    assert not list(folder.iterdir())
    denoiser = exactnorm.min_norm_denoiser(problems.univariate().train)
    net = denoiser.network
    trained = exactnorm.ReLUNetwork(0.8 * net.a, net.w, net.b, net.V, net.c)
    exactnorm.save("denoiser.npz", denoiser)
    exactnorm.save("trained.npz", trained)
    return trained, denoiser


def test_the_command_tells_what_the_function_finds(run, files):
    found = exactnorm.compare(*files, near=0.05, seed=3)
    status, out, err = run("compare", "trained.npz", "denoiser.npz", "--near", 0.05, "--seed", 3, "--json")
    assert (status, err) == (0, "")
    record = strict(out)
    assert (record["cost"], record["error"], record["near"]) == (found.cost, found.error, 0.05)
    assert record["cost"] == pytest.approx(0.8 * files[1].network.representation_cost)
    assert record["interpolates"] is False
    assert record["kinks_found"] == record["kinks"] == len(found.kink_distance)
    assert record["reading"] == found.reading
    assert record["lower"] == files[1].certificate.lower
    both = ((found.ends, "endpoints"), (found.exact_ends, "exact_endpoints"))
    assert all(record[name][kind]["count"] == share.count for one, name in both for kind, share in one.shares().items())
    assert record["together"] == found.together < 1


@pytest.mark.usefixtures("files")
def test_the_table_fits_a_terminal_and_says_what_a_cost_below_the_bound_means(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = run("compare", "trained.npz", "denoiser.npz")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    words = " ".join(out.split())
    assert "That only means that it does not interpolate" in words
    assert "A kink is where a neuron switches" in words


def test_a_denoiser_is_as_good_as_itself_and_an_onnx_model_is_read(run, files):
    interop.to_onnx(files[1], "exact.onnx")
    for network in ("denoiser.npz", "exact.onnx"):
        record = json.loads(run("compare", network, "denoiser.npz", "--json")[1])
        assert record["interpolates"] is True
        assert record["together"] == 1.0
        assert record["reading"].startswith("The trained network is a minimum-norm denoiser")


@pytest.mark.parametrize("name", ["univariate", "acute", "orthonormal"])
def test_a_picture_is_drawn_in_any_dimension(run, folder, name):
    train = problems.named(name).train if name != "orthonormal" else exactnorm.TrainingSet(np.eye(4)[:3], 0.1)
    denoiser = exactnorm.min_norm_denoiser(train)
    exactnorm.save("denoiser.npz", denoiser)
    status, _, err = run("compare", "denoiser.npz", "denoiser.npz", "--plot", "both.png")
    assert (status, err) == (0, "wrote both.png\n")
    assert (folder / "both.png").read_bytes().startswith(b"\x89PNG")


MISTAKES = {
    "the other way round": (("denoiser.npz", "trained.npz"), "it comes first, and the denoiser after it"),
    "points for a denoiser": (("trained.npz", "points.csv"), "`exactnorm solve DATA --rho R --out denoiser.npz` wrote"),
    "points for a network": (
        ("points.csv", "denoiser.npz"),
        "give a network, .npz as exactnorm.save writes it",
    ),
    "a path for a denoiser": (("trained.npz", "path"), "holds denoisers of several radii: give one of the files in it"),
    "a path for a network": (("path", "denoiser.npz"), "NETWORK 'path': give a network"),
    "no file": (("nothing.npz", "denoiser.npz"), "there is no file 'nothing.npz'"),
    "no model": (("nothing.onnx", "denoiser.npz"), "there is no file 'nothing.onnx'"),
    "another model": (("points.onnx", "denoiser.npz"), "points.onnx"),
    "another dimension": (("trained.npz", "acute.npz"), "the network maps 1 numbers to 1, and the points have 2"),
    "no distance": (("trained.npz", "denoiser.npz", "--near", "0"), "--near 0: the distance must be positive"),
    "too large a distance": (("trained.npz", "denoiser.npz", "--near", "9"), "near=9; give a distance between 0 and"),
    "no seed": (("trained.npz", "denoiser.npz", "--seed", "-1"), "--seed -1: a seed is not negative"),
    "no picture": (("trained.npz", "denoiser.npz", "--plot", "a.xyz"), "--plot"),
}


@pytest.mark.parametrize(("words", "sentence"), MISTAKES.values(), ids=MISTAKES.keys())
@pytest.mark.usefixtures("files")
def test_mistakes_are_told_in_a_sentence(run, folder, words, sentence):
    (folder / "points.csv").write_text("0\n1\n")
    (folder / "points.onnx").write_text("0\n1\n")
    exactnorm.save("path", exactnorm.DenoiserPath([[0.0], [1.0]], [0.1, 0.2]))
    exactnorm.save("acute.npz", exactnorm.min_norm_denoiser([[0, 0], [1, 0], [0, 2]], 0.1))
    status, out, err = run("compare", *words)
    assert (status, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1
