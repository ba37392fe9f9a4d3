"""`exactnorm flow`."""

import os
import re
import time

import numpy as np
import pytest
from cli_records import strict
from machine import busy

import exactnorm
from exactnorm import problems


def test_flow_counts_where_score_flow_ends_with_intervals_and_every_start_is_counted_once(run):
    status, out, _ = run("flow", "orthogonal", "--flow", "score", "--starts", 200, "--seed", 3, "--json")
    record = strict(out)
    assert status == 0
    assert (record["flow"], record["rho"], record["starts"], record["seed"]) == ("score", 0.1, 200, 3)
    assert record["horizon"] is None
    shares = record["endpoints"].values()
    assert sum(share["count"] for share in shares) == 200
    assert all(share["low"] <= share["share"] <= share["high"] for share in shares)
    # Two orthogonal points and their corner: every limit is a vertex of the box, the fourth one virtual.
    assert (
        record["endpoints"]["training point"]["count"] + record["endpoints"]["virtual training point"]["count"] == 200
    )
    assert run("flow", "orthogonal", "--flow", "score", "--starts", 200, "--seed", 3, "--json")[1] == out
    assert run("flow", "orthogonal", "--flow", "score", "--starts", 200, "--seed", 4, "--json")[1] != out


def test_every_kind_of_endpoint_that_is_printed_is_explained(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    away = exactnorm.ReLUNetwork([[0.0]], [[1.0]], [0.0], None, [9.0])  # all flows end at 9, beyond 0, 1 and 2.5
    exactnorm.save("away.npz", away)
    out = run("flow", "away.npz", "--flow", "score", "--points", "univariate", "--starts", 5)[1]
    assert "outside  " in out
    assert "boundary, interior, outside: of the hyperbox" in out


def test_probability_flow_ends_after_one_denoising_step_on_orthogonal_data(run):
    options = ("--flow", "probability", "--alpha", 0.1, "--T", 2, "--schedule", "edm", "--starts", 300, "--json")
    status, out, _ = run("flow", "orthogonal", *options)
    record = strict(out)
    assert status == 0
    points = problems.orthogonal().train.points
    start = points.mean(axis=0) + 2.0 * np.random.default_rng(0).standard_normal((300, 2))
    one_step = exactnorm.closed_form.orthogonal(points, 0.1 * 2.0)(start)
    expected = exactnorm.flow.endpoints(one_step, points).shares()
    assert {kind: share["count"] for kind, share in record["endpoints"].items()} == {
        kind: share.count for kind, share in expected.items()
    }


def test_flow_draws_trajectories_in_the_plane_and_in_hull_coordinates(run, folder):
    for name, file in (("acute", "plane.png"), ("orthonormal", "hull.png")):
        status, out, err = run("flow", name, "--flow", "score", "--starts", 20, "--plot", file)
        assert status == 0
        assert "training point" in out
        assert err.splitlines() == ["following trajectories once more for the picture …", f"wrote {file}"]
        assert (folder / file).read_bytes().startswith(b"\x89PNG")


def test_sigma_stands_for_a_radius_and_the_radius_used_is_printed(run):
    _, out, err = run("solve", "univariate", "--sigma", 0.05, "--samples", 100, "--json")
    rho = 0.05 * np.sqrt(2 * np.log(100))
    assert strict(out)["rho"] == pytest.approx(rho, rel=1e-12)
    assert err == f"rho = {rho:g}\n"
    _, out, _ = run("solve", "orthogonal", "--sigma", 0.05, "--json")
    assert strict(out)["rho"] == pytest.approx(0.05 * np.sqrt(2), rel=1e-12)


BAD_FLOWS = {
    "no flow is chosen": ((), "--flow"),
    "an option of the other flow": (("--flow", "score", "--alpha", 1), "--alpha does not belong to --flow score"),
    "and the other way round": (
        ("--flow", "probability", "--alpha", 1, "--T", 1, "--rho", 0.1),
        "--rho does not belong to --flow probability",
    ),
    "no alpha": (("--flow", "probability", "--T", 1), "needs --alpha"),
    "a negative alpha": (("--flow", "probability", "--alpha", -1, "--T", 1), "--alpha -1"),
    "a T outside the schedule": (
        ("--flow", "probability", "--alpha", 0.1, "--T", 2, "--schedule", "vp"),
        "outside the schedule 'vp'",
    ),
    "balls overlap at T": (("--flow", "probability", "--alpha", 1, "--T", 1), "choose a stand-in with --high-noise"),
    "one level": (("--flow", "probability", "--alpha", 0.1, "--T", 1, "--levels", 1), "at least two"),
    "levels without need": (("--flow", "probability", "--alpha", 0.1, "--T", 1, "--levels", 4), "have a closed form"),
    "a horizon of zero": (("--flow", "score", "--horizon", 0), "the flow time must be positive"),
    "no starts": (("--flow", "score", "--starts", 0), "at least one start"),
    "a negative spread": (("--flow", "score", "--start-scale", -1), "is negative"),
    "a negative seed": (("--flow", "score", "--seed", -1), "a seed is not negative"),
    "a picture of no known kind": (("--flow", "score", "--plot", "picture.xyz"), "give a file name that ends in"),
    "a picture without a folder": (("--flow", "score", "--plot", "no/picture.png"), "there is no directory 'no'"),
    "samples without sigma": (("--flow", "score", "--samples", 10), "--samples goes with --sigma"),
    "a formula that falls": (("--flow", "probability", "--alpha", 1, "--T", 1, "--schedule", "1-t"), "is not monotone"),
    "no formula": (("--flow", "probability", "--alpha", 1, "--T", 1, "--schedule", "f(t)"), "'f(t)' is not known"),
    "a scale alone": (("--flow", "probability", "--alpha", 1, "--T", 1, "--scale", "t"), "--scale goes with"),
    "a folder for one denoiser": (("--flow", "score", "--out", "path"), "--out does not belong to --flow score"),
    "nothing to save": (("--flow", "probability", "--alpha", 0.1, "--T", 1, "--out", "path"), "have a closed form"),
    "a folder that is full": (("--flow", "probability", "--alpha", 0.1, "--T", 1, "--out", "/"), "give a new folder"),
    "rho and sigma": (
        ("--flow", "score", "--rho", 0.1, "--sigma", 0.1),
        "--rho and --sigma both give the noise radius",
    ),
}


@pytest.mark.parametrize(("options", "sentence"), BAD_FLOWS.values(), ids=BAD_FLOWS.keys())
def test_bad_options_of_flow_are_a_sentence_on_stderr_and_exit_status_2(run, folder, options, sentence):
    status, out, err = run("flow", "orthogonal", *options)
    assert (status, out) == (2, "")
    assert sentence in err
    assert not os.listdir(folder)


def test_without_a_closed_form_probability_flow_goes_along_a_grid_of_solved_radii(run):
    options = ("--flow", "probability", "--alpha", 0.1, "--T", 1, "--levels", 3, "--starts", 30, "--json")
    status, out, err = run("flow", "acute", *options)
    record = strict(out)
    assert status == 0
    assert "solving for denoisers at 3 noise radii" in err
    assert "the widest relative gap among them is" in err
    assert sum(share["count"] for share in record["endpoints"].values()) == 30


@pytest.mark.parametrize(("T", "solved"), [(1, False), (9, True)])
def test_on_an_equilateral_triangle_the_closed_form_serves_up_to_where_it_is_proved_minimal(run, T, solved):
    status, out, err = run("flow", "equilateral", "--flow", "probability", "--alpha", 0.2, "--T", T, "--starts", 50)
    assert status == 0
    assert ("solving for denoisers" in err) == solved  # R = 1: proved up to rho = 0.5
    assert "50 trajectories reached sigma=0" in " ".join(out.split())


def test_a_simplex_with_too_many_patterns_flows_along_its_closed_forms(run, folder):
    np.savetxt(folder / "simplex.csv", np.diag(np.linspace(1, 1.3, 16)), delimiter=",")
    options = ("--flow", "probability", "--alpha", 0.1, "--T", 1, "--levels", 2, "--starts", 5)
    status, out, err = run("flow", "simplex.csv", *options)
    assert status == 1  # followed to the end, but the closed forms leave a gap
    assert "the widest relative gap among them is" in err
    assert "5 trajectories reached sigma=0" in " ".join(out.split())


def test_a_stand_in_drives_the_flow_down_to_where_a_denoiser_exists_and_the_table_says_so(run):
    options = ("--flow", "probability", "--alpha", 1, "--T", 4, "--high-noise", "linear", "--starts", 20)
    status, out, _ = run("flow", "acute", *options)  # a denoiser exists below 0.45, less than half the closest distance
    assert status == 0
    assert "schedule=ve, high_noise=linear" in " ".join(out.split())
    assert re.search(
        r"would move them by at most \S+; the stand-in drove the flow down to sigma=0.44", " ".join(out.split())
    )


def test_every_mistake_is_told_at_once(run, folder):
    options = ("--rho", 0.1, "--horizon", 2, "--starts", 0, "--levels", 1, "--schedule", "t.real", "--plot", "no/x.png")
    options += ("--seed", "one", "--solver", "NOSUCH", "--nonsense")
    status, out, err = run("flow", "orthogonal", "--flow", "probability", *options)
    assert (status, out) == (2, "")
    first, *others = err.splitlines()
    assert first == "exactnorm flow: 11 mistakes:"
    assert len(others) == 11
    for told in (
        "--rho",
        "--horizon",
        "--starts 0",
        "--levels 1",
        "needs --alpha",
        "needs --T",
        "'t.real'",
        "no/x.png",
        "--seed one",
        "--solver='NOSUCH'",
        "--nonsense",
    ):
        assert sum(told in line for line in others) == 1, told
    assert not os.listdir(folder)


def test_a_saved_denoiser_flows_as_the_points_that_it_was_solved_for(run, folder):
    assert run("solve", "acute", "--out", "denoiser.npz")[0] == 0
    options = ("--flow", "score", "--starts", 30, "--json")
    assert run("flow", "denoiser.npz", *options)[1] == run("flow", "acute", *options)[1]
    status, out, err = run("flow", "denoiser.npz", *options, "--sigma", 0.2, "--columns", "1")
    assert (status, out) == (2, "")
    assert [line.split()[0] for line in err.splitlines()[1:]] == ["--columns", "--sigma"]
    status, _, err = run("flow", "denoiser.npz", "--flow", "probability", "--alpha", 0.1, "--T", 1)
    assert status == 2
    assert "one denoiser, and a probability flow needs one for every radius" in err
    np.savez(folder / "other.npz", x=1)
    for name, sentence in (("other.npz", "does not hold a denoiser"), ("none.npz", "there is no file 'none.npz'")):
        status, _, err = run("flow", name, "--flow", "score")
        assert status == 2
        assert sentence in err


@pytest.mark.usefixtures("folder")
def test_what_a_flow_solved_for_is_saved_and_followed_again(run):
    options = ("--flow", "probability", "--alpha", 0.1, "--T", 1, "--starts", 20, "--json")
    status, out, err = run("flow", "acute", *options, "--levels", 3, "--out", "path")
    assert status == 0
    assert "wrote path" in err
    status, again, err = run("flow", "path", *options)
    assert (status, again, err) == (0, out, "")
    for more, sentence in (
        (("--flow", "score"), "holds denoisers of several radii: give one of the files in it"),
        ((*options, "--levels", 3), "--levels is for points, and 'path' holds what was solved for already"),
        (("--flow", "probability", "--alpha", 0.1, "--T", 2), "the path reaches up to 0.1"),
    ):
        status, _, err = run("flow", "path", *more)
        assert status == 2
        assert sentence in err
    assert run("flow", "path/level0001.npz", "--flow", "score", "--starts", 5)[0] == 0


@pytest.mark.usefixtures("folder")
def test_a_network_saved_alone_flows_with_the_points_that_it_was_trained_on(run):
    train = problems.acute().train
    network = exactnorm.min_norm_denoiser(train).network
    exactnorm.save("network.npz", network)
    np.savetxt("points.csv", train.points, delimiter=",")
    options = ("--flow", "score", "--starts", 20, "--json")
    status, out, err = run("flow", "network.npz", *options, "--points", "points.csv", "--rho", 0.1, "--plot", "x.png")
    assert status == 0
    assert "a network without a certificate: it misses the balls of radius 0.1 by up to" in err
    record, exact = strict(out), strict(run("flow", "acute", *options)[1])
    # Near is within the balls, for a network that is trained ends beside the points and not at them.
    assert (record["gap"], record["tolerance"], record["endpoints"]) == (None, 0.1, exact["endpoints"])
    assert run("flow", "network.npz", *options, "--points", "acute")[1] == out
    for more, sentence in (
        ((), "holds a network alone: give the points that it was trained on with --points DATA"),
        (("--points", "univariate"), "holds points in R^1, and the network works in R^2"),
        (("--points", "acute", "--solver", "SCS"), "--solver is for points"),
    ):
        status, _, err = run("flow", "network.npz", *options, *more)
        assert status == 2
        assert sentence in err
    exactnorm.save("tall.npz", exactnorm.ReLUNetwork([[1.0, 1.0]], [[1.0]], [0.0], None, [0.0, 0.0]))
    for data, sentence in (("tall.npz", "from R^1 to R^2, and a flow needs a denoiser"), ("acute", "leave it out")):
        status, _, err = run("flow", data, *options, "--points", "acute")
        assert status == 2
        assert sentence in err


def test_the_solver_of_a_flow_is_the_one_asked_for(run):
    options = ("--flow", "score", "--starts", 5, "--json")
    mine, other = (strict(run("flow", "acute", *options, "--solver", name)[1]) for name in ("CLARABEL", "SCS"))
    assert mine["endpoints"] == other["endpoints"]
    assert mine["gap"] != other["gap"]


def test_a_flow_solves_for_no_longer_than_its_time_limit(run):
    for flow in (("score",), ("probability", "--alpha", 0.3, "--T", 1, "--levels", 3)):
        start = time.monotonic()
        # To the end it takes twenty seconds and more a level, on one core.
        status, out, err = run("flow", "digits10", "--flow", *flow, "--time-limit", 3, "--starts", 2, "--json")
        assert time.monotonic() - start < 20 * busy()
        assert status == 1
        assert 1e-6 < strict(out)["gap"] < 1
        assert "gap" in err
    status, _, err = run("flow", "digits10", "--flow", "score", "--time-limit", 0)
    assert (status, err) == (2, "exactnorm flow: --time-limit 0: the time limit must be positive\n")


def test_a_word_that_is_no_choice_is_told_with_the_other_mistakes(run, folder):
    (folder / "points.csv").write_text("0,0.5\n1,1\n", encoding="utf-8")
    status, out, err = run("flow", "points.csv", "--flow", "scor", "--high-noise", "loud", "--alpha", -1)
    assert (status, out) == (2, "")
    told = [line.split(":")[0].strip() for line in err.splitlines()[1:]]
    assert told == ["--flow scor", "--high-noise loud", "--alpha -1"]


def test_the_parameters_of_a_probability_flow_are_explained_below_it(run):
    status, out, _ = run("flow", "orthogonal", "--flow", "probability", "--alpha", 0.1, "--T", 1, "--starts", 5)
    assert status == 0
    for word in (
        "alpha: noise radius",
        "T: the schedule's time",
        "gap: by what share",
        "horizon: flow",
        "start_scale: sp",
    ):
        assert (f"\n{word}" in out) == (f"{word.split(':', maxsplit=1)[0]}=" in out)
    assert "\nalpha: noise radius" in out
