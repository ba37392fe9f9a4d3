"""The user's solver and options reach every program there is; a stand-in gets options of its own."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from exactnorm import DenoiserPath, TrainingSet, check_certificate, min_norm_denoiser, min_norm_network
from exactnorm.certify.balls.evidence import Faces
from exactnorm.cli import main
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import DEFAULT_OPTIONS
from exactnorm.exact.solvers import choice, clarabel, cvxpy, scs
from exactnorm.proof.limits import RefutedError
from exactnorm.prover import balls, rigorous

OPTIONS = {"patience": 77, "mood": "good"}
PLANE = TrainingSet(np.random.default_rng(8).standard_normal((5, 2)), 0.05)
"""The joint program over patterns is not tight here, so that cells need multipliers of their own."""


def planar():
    rng = np.random.default_rng(0)
    return rng.standard_normal((6, 2)), rng.standard_normal(6)


def on_a_line():
    rng = np.random.default_rng(0)
    return rng.standard_normal((50, 1)), rng.standard_normal(50)


def too_many():
    rng = np.random.default_rng(0)
    return rng.standard_normal((20, 5)), rng.standard_normal(20)


@pytest.fixture
def handed(monkeypatch):
    """Kind of program, solver and options of every call of FAKE, the only solver; what it refuses; and who it is."""
    calls, refused, real = [], set(), clarabel.answer

    def kind(program):
        return "blocks" if len(program.orders) > 1 else "cell" if program.orders else "kinks"

    def fake(program, solver, options):
        if program is choice.SMALL:
            return real(program, {})
        calls.append((kind(program), solver, options))
        if kind(program) in refused:
            return cvxpy.no_numbers(program, "refused on purpose")
        return real(program, DEFAULT_OPTIONS["CLARABEL"])

    def nobody(*_):
        pytest.fail("a program went to another solver than the user's")

    monkeypatch.setattr(cvxpy, "installed", lambda: ["CLARABEL", "FAKE", "SCS"])
    monkeypatch.setattr(cvxpy, "answer", fake)
    for backend in (clarabel, scs):
        monkeypatch.setattr(backend, "answer", nobody)
    return calls, refused, real


@pytest.mark.parametrize("shared", [False, True])
def test_programs_over_kinks_cells_and_blocks_all_go_to_the_users_solver(shared, handed):
    calls = handed[0]
    with ThreadPoolExecutor(2) as pool:
        denoiser = min_norm_denoiser(PLANE, solver="fake", solver_options=OPTIONS, executor=pool if shared else None)
    assert {kind for kind, _, _ in calls} == {"kinks", "cell", "blocks"}
    assert all((solver, options) == ("FAKE", OPTIONS) for _, solver, options in calls)
    assert denoiser.certificate.gap <= 1e-6
    assert denoiser.certificate.cells > 0
    check_certificate(denoiser.certificate, PLANE, denoiser.network)


def test_what_looks_at_uniqueness_and_makes_networks_small_asks_the_users_solver(handed):
    calls = handed[0]
    line = min_norm_denoiser([[0.0], [1.0], [2.5]], 0.1, method="program", solver="FAKE", solver_options=OPTIONS)
    assert "the minimiser is unique" in line.status
    assert {(solver, tuple(options)) for _, solver, options in calls} == {("FAKE", tuple(OPTIONS))}


@pytest.mark.parametrize(
    ("data", "decay", "tol"),
    [(planar, None, 1e-3), (planar, 1e-2, 1e-3), (on_a_line, 1e-2, 1e-3), (too_many, None, 0.5), (too_many, 1e-2, 0.5)],
)
def test_finite_problems_and_weight_decay_go_to_the_users_solver(data, decay, tol, handed):
    calls = handed[0]
    min_norm_network(*data(), weight_decay=decay, solver="FAKE", solver_options=OPTIONS, tol=tol)
    assert calls
    assert all((solver, options) == ("FAKE", OPTIONS) for _, solver, options in calls)


def test_noisy_samples_go_to_the_users_solver(handed):
    calls = handed[0]
    points = np.array([[0, 0], [1, 0], [0.4, 0.9]])
    train = TrainingSet.from_samples(
        points, points[:, None] + 0.2 * np.random.default_rng(0).standard_normal((3, 2, 2))
    )
    for decay in (None, 0.01):
        calls.clear()
        min_norm_denoiser(train, weight_decay=decay, solver="FAKE", solver_options=OPTIONS)
        assert calls
        assert all((solver, options) == ("FAKE", OPTIONS) for _, solver, options in calls)


def test_every_level_of_a_path_goes_to_the_users_solver(handed):
    calls = handed[0]
    path = DenoiserPath([[0, 0], [1, 0], [0.4, 0.9]], [0.05, 0.1], solver="FAKE", solver_options=OPTIONS)
    count = len(calls)
    assert count > 1
    path.solved(0.07, path.denoisers[0], Deadline(None), 1)  # as levels that are added are
    assert len(calls) > count
    assert all((solver, options) == ("FAKE", OPTIONS) for _, solver, options in calls)


def test_ramps_go_to_the_users_solver(handed):
    calls = handed[0]
    points = np.random.default_rng(3).standard_normal((7, 5))
    min_norm_denoiser(points, 0.1, method="ramps", solver="FAKE", solver_options=OPTIONS)
    assert {kind for kind, _, _ in calls} == {"kinks"}
    assert all((solver, options) == ("FAKE", OPTIONS) for _, solver, options in calls)


def test_an_estimator_hands_its_solver_on(handed):
    calls = handed[0]
    pytest.importorskip("sklearn")
    from exactnorm.interop import scikit_learn

    scikit_learn.MinNormDenoiser(0.1, solver="FAKE", solver_options=OPTIONS).fit([[0, 0], [1, 0], [0.4, 0.9]])
    assert calls
    assert all((solver, options) == ("FAKE", OPTIONS) for _, solver, options in calls)


def without_cells(denoiser):
    """The denoiser with a certificate that has dual matrices and no multipliers, so that a proof has to make cells."""
    evidence = denoiser.certificate.evidence
    return replace(denoiser, certificate=replace(denoiser.certificate, evidence=Faces(evidence.frame, evidence.B, 3)))


def test_a_proof_of_noise_balls_asks_the_users_solver(handed):
    calls = handed[0]
    denoiser = without_cells(min_norm_denoiser(PLANE, solver="FAKE", solver_options=OPTIONS))
    calls.clear()
    found = rigorous(denoiser, solver="fake", solver_options=OPTIONS)
    assert found.gap < 1e-5
    assert {kind for kind, _, _ in calls} == {"kinks", "cell"}
    assert all((solver, options) == ("FAKE", OPTIONS) for _, solver, options in calls)


def test_a_proof_near_a_theorem_that_is_refused_asks_the_users_solver(handed, monkeypatch):
    calls = handed[0]
    # At 90° to rounding only, and without balls that a ray may cross beside their centres.
    u = np.array([np.cos(0.3), np.sin(0.3)])
    points = np.array([[0.0, 0.0], u, [-2 * u[1], 2 * u[0]], -1.3 * u])
    points[2] += 1e-16 * u
    denoiser = min_norm_denoiser(points, 0.0)
    assert points[1] @ points[2] > 0
    assert denoiser.certificate.kind == "theorem"
    assert not calls

    def refused(*_):
        msg = "as floats farther beside their rays would be"
        raise RefutedError(msg)

    monkeypatch.setattr(balls, "rays_bound", refused)
    found = rigorous(denoiser, solver="FAKE", solver_options=OPTIONS)
    assert found.gap < 1e-2
    assert "the convex program" in " ".join(found.said)
    assert calls
    assert all((solver, options) == ("FAKE", OPTIONS) for _, solver, options in calls)


@pytest.mark.parametrize("decay", [None, 1e-2])
def test_proofs_of_samples_and_of_networks_ask_the_users_solver(decay, handed):
    calls = handed[0]
    points = np.array([[0, 0], [1, 0], [0.4, 0.9]])
    samples = points[:, None] + 0.2 * np.random.default_rng(0).standard_normal((3, 2, 2))
    given = {"solver": "FAKE", "solver_options": OPTIONS}
    for found in (
        min_norm_denoiser(TrainingSet.from_samples(points, samples), weight_decay=decay, **given),
        min_norm_network(*planar(), weight_decay=decay, **given),
    ):
        calls.clear()
        proof = rigorous(found, **given)
        assert proof.gap < 1e-5
        assert calls
        assert all((solver, options) == ("FAKE", OPTIONS) for _, solver, options in calls)


def test_solve_with_prove_asks_the_users_solver(handed, tmp_path, capsys):
    calls = handed[0]
    file = tmp_path / "samples.npy"
    np.save(file, [[[-0.1, 0.1], [0.0, 0.2]], [[0.9, 0.0], [1.1, 0.1]], [[0.4, 0.8], [0.5, 0.9]]])
    points = tmp_path / "points.csv"
    points.write_text("0,0\n1,0\n0.4,0.9\n")
    assert main(["solve", str(points), "--samples-file", str(file), "--solver", "fake", "--prove"]) == 0
    assert "proved in" in capsys.readouterr().out
    assert "cell" in {kind for kind, _, _ in calls}  # of the proof: solving samples takes none
    assert {solver for _, solver, _ in calls} == {"FAKE"}


@pytest.mark.parametrize("decay", [None, 1e-2])
def test_a_stand_in_gets_tolerances_that_reach_the_gap_and_none_of_the_options_of_another_solver(decay, monkeypatch):
    calls, first_order = [], scs.answer

    def failing(program, options, _):
        calls.append(("CLARABEL", options))
        return cvxpy.no_numbers(program, "failed on purpose")

    def recorded(program, options, deadline):
        calls.append(("SCS", options))
        return first_order(program, options, deadline)

    monkeypatch.setattr(clarabel, "answer", failing)
    monkeypatch.setattr(scs, "answer", recorded)
    options = {"max_iter": 77}
    found = min_norm_network(*planar(), weight_decay=decay, solver_options=options, time_limit=60)
    assert {name for name, _ in calls} == {"CLARABEL", "SCS"}
    assert all(given == options for name, given in calls if name == "CLARABEL")
    assert all(given == DEFAULT_OPTIONS["SCS"] for name, given in calls if name == "SCS")
    assert found.certificate.gap < 1e-5  # SCS by itself stops at about 1e-4
    assert "solved by SCS, as CLARABEL gave no numbers (failed on purpose)" in found.status


def test_where_the_users_solver_gives_up_on_cells_the_stand_in_prices_these_alone(handed, monkeypatch):
    calls, refused, real = handed
    refused.add("cell")
    stood_in = []

    def recorded(program, options, stop):
        stood_in.append((len(program.orders), options))
        return real(program, options, stop)

    monkeypatch.setattr(clarabel, "answer", recorded)
    denoiser = min_norm_denoiser(PLANE, solver="FAKE", solver_options=OPTIONS)
    assert denoiser.certificate.cells > 0
    assert len(stood_in) == sum(kind == "cell" for kind, _, _ in calls) > 0
    assert all(one == (1, DEFAULT_OPTIONS["CLARABEL"]) for one in stood_in)


@pytest.mark.parametrize(
    "call",
    [
        lambda **given: min_norm_denoiser([[0.0], [1.0]], 0.1, **given),
        lambda **given: min_norm_denoiser([[0, 0], [1, 0], [0.4, 0.9]], 0.1, **given),
        lambda **given: min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0], **given),
        lambda **given: rigorous(min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0]), **given),
    ],
)
def test_a_solver_or_an_option_that_is_not_there_is_refused_at_the_door(call):
    with pytest.raises(ValueError, match=r"solver='NOSUCH'.*it finds .*CLARABEL.*SCS"):
        call(solver="NOSUCH")
    for solver in ("CLARABEL", "SCS"):
        with pytest.raises(ValueError, match=r"solver_options: .*nonsense"):
            call(solver=solver, solver_options={"nonsense": 1})
    with pytest.raises(ValueError, match=r"solver_options: .*max_iter"):
        call(solver_options={"max_iter": "many"})


def test_a_solver_without_semidefinite_programs_is_refused_before_any_work(monkeypatch):
    def socp_only(program, *_):
        return cvxpy.no_numbers(program, "cannot") if program.orders else pytest.fail("it was asked all the same")

    monkeypatch.setattr(cvxpy, "installed", lambda: ["CLARABEL", "CONES", "SCS"])
    monkeypatch.setattr(cvxpy, "answer", socp_only)
    with pytest.raises(ValueError, match=r"solver='cones'.*semidefinite.*it finds CLARABEL, SCS$"):
        min_norm_denoiser([[0, 0], [1, 0], [0.4, 0.9]], 0.1, solver="cones")


def test_what_clarabel_says_is_in_words(monkeypatch):
    class Found:
        x, z, status = [0.0], [0.0], "AlmostSolved"

    monkeypatch.setattr(clarabel.clarabel, "DefaultSolver", lambda *_: type("S", (), {"solve": lambda _: Found})())
    assert clarabel.answer(choice.SMALL, {}).status == "almost solved"
