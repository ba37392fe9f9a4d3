"""Every public name, handed another kind of thing in any place, says which argument it is and what to give there."""

import inspect

import numpy as np
import pytest

import exactnorm

POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
DENOISER = exactnorm.min_norm_denoiser(POINTS, rho=0.1)
PATH = exactnorm.DenoiserPath(POINTS[:2], [0.05, 0.1])
FLOW = exactnorm.score_flow(DENOISER, [[0.3, 0.3]], 1.0)
OTHER = exactnorm.min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0])
SCHEDULE = exactnorm.Schedule("edm", float)
THINGS = {
    "None": None,
    "denoiser": DENOISER,
    "network": DENOISER.network,
    "training set": DENOISER.train,
    "problem": OTHER.problem,
    "path": PATH,
    "flow": FLOW,
    "endpoints": exactnorm.endpoints(FLOW, DENOISER.train),
    "certificate": DENOISER.certificate,
    "schedule": SCHEDULE,
    "file name": "points.csv",
    "number": 7.5,
    "list": POINTS.tolist(),
    "array": POINTS,
    "ragged": [[1.0], [2.0, 3.0]],
    "words": ["a", "b"],
    "empty": [],
    "dictionary": {"a": 1},
    "object": object(),
    "class": dict,
    "complex": 1j,
}
SOLVING = {
    "tol": (1e-6, set()),
    "solver": ("CLARABEL", set()),
    "solver_options": (None, {"None"}),
    "time_limit": (20.0, {"None", "number"}),
    # Whatever can be called is handed the brackets.
    "progress": (False, {"denoiser", "network", "path", "class"}),
    "executor": (None, {"None"}),
}
TABLES = {"list", "array"}
NETWORKS = {"denoiser", "network"}
CALLED = {"denoiser", "network", "path", "class"}
# Public name → each argument that it takes, with a value that is right and the things above that are right there, too.
DOORS = {
    "CertifiedDenoiser": {
        "train": (DENOISER.train, {"training set"}),
        "network": (DENOISER.network, {"network"}),
        "certificate": (DENOISER.certificate, {"certificate"}),
        "status": ("solved", {"file name"}),
    },
    "DenoiserPath": {
        "points": (POINTS[:2], set()),
        "radii": ([0.05, 0.1], set()),
        "denoisers": (PATH.denoisers, {"empty"}),
        **{name: SOLVING[name] for name in SOLVING if name not in ("solver", "solver_options")},
    },
    "FiniteProblem": {
        "inputs": ([[0.0], [1.0]], set()),
        "targets": ([0.0, 1.0], set()),
        "skip": (True, set()),
        "penalise_bias": (False, set()),
        "weight_decay": (None, {"None", "number"}),
        "constant": (True, set()),
    },
    "ReLUNetwork": {
        "a": (POINTS, TABLES),
        "w": (POINTS, TABLES),
        "b": (np.zeros(3), set()),
        "V": (np.eye(2), {"None"}),
        "c": (np.zeros(2), set()),
    },
    "Schedule": {
        "name": ("edm", {"file name"}),
        "sigma": (float, CALLED),
        "scale": (float, CALLED),
        "last": (1.0, {"number"}),
    },
    "TrainingSet": {"points": (POINTS, TABLES), "rho": (0.1, set())},
    "TrainingSet.from_samples": {"points": (POINTS, TABLES), "samples": (POINTS[:, None], set())},
    "bounds": {"points": (POINTS, TABLES), "rho": (0.1, set())},
    "check_certificate": {
        "certificate": (DENOISER.certificate, {"certificate"}),
        "train": (DENOISER.train, {"training set", "problem"}),
        "network": (DENOISER.network, {"network"}),
        "time_limit": (20.0, {"None", "number"}),
    },
    "compare": {
        "network": (DENOISER.network, NETWORKS),
        "denoiser": (DENOISER, {"denoiser"}),
        "starts": (POINTS, {*TABLES, "None"}),
        "near": (0.1, {"None"}),
        "seed": (0, set()),
    },
    "endpoints": {
        "flow": (FLOW, {"flow", *TABLES}),
        "train": (POINTS, {"training set", *TABLES}),
        "tol": (0.1, {"None"}),
    },
    "explore": {"what": (POINTS, {"denoiser", "training set", *TABLES}), "rho": (0.1, {"number"})},
    "interpolation_error": {
        "network": (DENOISER.network, NETWORKS),
        "points": (POINTS, TABLES),
        "rho": (0.1, {"number"}),
    },
    "load": {"file": ("nothing.npz", {"file name"})},
    "max_radius": {"points": (POINTS, TABLES), "time_limit": (None, {"None", "number"})},
    "min_norm_denoiser": {
        "train_or_points": (POINTS, TABLES),
        "rho": (0.1, set()),
        "method": ("auto", set()),
        "weight_decay": (None, {"None"}),
        "near": (None, {"None", "denoiser"}),
        **SOLVING,
    },
    "min_norm_network": {
        "inputs": ([[0.0], [1.0]], set()),
        "targets": ([0.0, 1.0], set()),
        "skip": (True, set()),
        "penalise_bias": (False, set()),
        "constant": (True, set()),
        "weight_decay": (None, {"None", "number"}),
        **SOLVING,
    },
    "probability_flow": {
        "path": (PATH, {*NETWORKS, "path", "class"}),
        "start": (POINTS, TABLES),
        # Whatever can be called may be a schedule, until it gives no number: the message has the function's own words.
        "schedule": ("edm", {"schedule", *CALLED}),
        "alpha": (0.1, set()),
        "T": (1.0, set()),
        "sigma_end": (0.0, set()),
        "method": (None, {"None"}),
        "sigmas": (None, {"None", "empty"}),
        "high_noise": (None, {"None"}),
        "train": (POINTS[:2], {"None", *TABLES}),
    },
    "rest_points": {
        "denoiser": (DENOISER, NETWORKS),
        "train": (POINTS, {"None", "training set", *TABLES}),
        "candidates": (None, {"None", *TABLES}),
        "max_regions": (1000, set()),
    },
    "save": {"file": ("x.npz", {"file name"}), "what": (DENOISER, {*NETWORKS, "path"})},
    "score_flow": {
        "denoiser": (DENOISER, NETWORKS),
        "start": (POINTS, TABLES),
        "horizon": (1.0, {"number"}),
        "method": ("pieces", set()),
        "times": (None, {"None", "empty"}),
        "box": (None, {"None", *TABLES}),
        "near": (None, {"None"}),
    },
}
ELSEWHERE = {
    "Certificate": "a claim, whatever stands in it: check_certificate refuses what is none",
    "InfeasibleProblem": "an error, which the package raises",
}
"""Public names that take anything, with the reason."""
GIVE = (
    "give ", "read the file first", "max_radius(points) gives", "use rho <=", "start at", "no setting 'a'",
    "it finds", " takes (",    "must increase",
)  # fmt: skip
PYTHON = (
    "object has no", "has no len", "not subscriptable", "not iterable", "could not convert", "unsupported operand",
    "not supported between", "must be a string or a real number", "ambiguous", "inhomogeneous", "broadcast",
)  # fmt: skip


def door(name):
    owner, _, method = name.partition(".")
    return getattr(getattr(exactnorm, owner), method) if method else getattr(exactnorm, owner)


def test_every_public_name_is_a_door_with_all_its_arguments():
    assert {name.partition(".")[0] for name in DOORS} | set(ELSEWHERE) == set(exactnorm.__all__)
    for name, places in DOORS.items():
        asked = {one.name for one in inspect.signature(door(name)).parameters.values() if one.kind != one.VAR_KEYWORD}
        hooks = {
            "DenoiserPath": {"solver", "solver_options"},
            "interpolation_error": {"check"},
            "TrainingSet": {"samples"},
        }
        assert set(places) | hooks.get(name, set()) == asked, name


@pytest.mark.parametrize(("name", "place"), [(name, place) for name, places in DOORS.items() for place in places])
def test_another_kind_of_thing_is_refused_with_its_argument_and_what_to_give(name, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {one: value for one, (value, _) in DOORS[name].items()}
    right = DOORS[name][place][1]
    for what in set(THINGS) - right:
        with pytest.raises((TypeError, ValueError)) as refused:
            door(name)(**given | {place: THINGS[what]})
        said = str(refused.value)
        about = {place, "points", "rho", "network", "inputs", "start", "the file", "what is saved", "is no denoiser"}
        assert any(word in said for word in about), f"{what}: {said}"
        assert any(word in said for word in GIVE), f"{what}: {said}"
        assert not any(word in said for word in PYTHON), f"{what}: {said}"
        assert "NoneType" not in said, said


def test_a_certificate_of_anything_is_refused_by_the_check():
    for place in ("lower", "upper", "interpolation_error", "evidence"):
        for what, thing in THINGS.items():
            if (place, what) in (("upper", "number"), ("interpolation_error", "number")):  # it claims less
                continue
            claim = {"lower": 1.0, "upper": 7.0, "interpolation_error": 0.0, "evidence": DENOISER.certificate.evidence}
            certificate = exactnorm.Certificate(**claim | {place: thing})
            with pytest.raises(exactnorm.certify.CertificateError):
                exactnorm.check_certificate(certificate, DENOISER.train, DENOISER.network)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: exactnorm.check_certificate(DENOISER), "give its `.certificate`, then the problem, and its `.network"),
        (lambda: exactnorm.check_certificate(DENOISER.certificate), "train is None: give the TrainingSet"),
        (lambda: exactnorm.check_certificate(DENOISER.certificate, DENOISER.train), "network is None: give the ReLU"),
        (lambda: exactnorm.ReLUNetwork(DENOISER), r"w, b, c missing: give ReLUNetwork\(a, w.*has one already"),
        (lambda: exactnorm.ReLUNetwork(POINTS, POINTS, np.zeros(3)), r"c missing: give ReLUNetwork\(a, w, b, V, c\)"),
        (lambda: exactnorm.ReLUNetwork(POINTS, POINTS, np.zeros(3), np.zeros(2)), "c missing"),
        (lambda: exactnorm.min_norm_denoiser(DENOISER), "give its `.train`, which has a radius"),
        (lambda: exactnorm.DenoiserPath(POINTS[:2], [0.1], DENOISER), "denoisers is a CertifiedDenoiser: give"),
        (lambda: exactnorm.DenoiserPath(POINTS[:2], [0.1], [PATH]), r"denoisers\[0\] is a DenoiserPath: give"),
        (lambda: PATH("0.1"), "rho='0.1' is text"),
        (lambda: DENOISER.score([0.0, 0.0], None), "sigma=None is not a number; give one"),
        (lambda: DENOISER(DENOISER), "inputs is a CertifiedDenoiser: its points are `.train.points`; give"),
        (lambda: DENOISER.network.jacobian("points.csv"), "inputs is 'points.csv'; read the file first"),
    ],
)  # fmt: skip
def test_what_newcomers_write_gets_a_sentence(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()
