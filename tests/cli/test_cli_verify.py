"""`exactnorm solve --prove` and `exactnorm verify`."""

import ast
import json
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from proof_corpus import ACUTE, proved

import exactnorm
from exactnorm import min_norm_denoiser, min_norm_network, prover
from exactnorm.cli import main
from exactnorm.prover import rigorous, save_proof

BLOCKED = ("scipy", "cvxpy", "clarabel", "scs", "rich", "threadpoolctl", "matplotlib", "sklearn")


@pytest.fixture
def files(tmp_path):
    proof, points = tmp_path / "proof.json", tmp_path / "points.csv"
    proof.write_text(proved("acute").text)
    points.write_text("\n".join(",".join(map(repr, row)) for row in ACUTE.tolist()) + "\n")
    return proof, points


def verified(proof, points, *more):
    return main(["verify", str(proof), "--points", str(points), "--rho", "0.1", *more])


def test_a_proof_is_proved(files, capsys):
    assert verified(*files) == 0
    claim = json.loads(proved("acute").text)["claim"]
    assert capsys.readouterr().out == f"proved: {claim['lower']} <= least cost <= {claim['upper']}\n"


def test_json_holds_the_bracket_as_quotients_too(files, capsys):
    assert verified(*files, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["outcome"] == "proved"
    assert found["reasons"] == []
    top, bottom = found["exactly"]["lower"].split("/")
    assert float(found["lower"]) <= int(top) / int(bottom) < float(found["upper"])


def test_a_better_claim_is_refuted_and_what_holds_is_printed(files, capsys):
    proof, points = files
    text = json.loads(proof.read_text())
    text["claim"]["lower"] = "5.2"
    proof.write_text(json.dumps(text))
    assert verified(proof, points) == 1
    said = capsys.readouterr()
    assert said.out.startswith("refuted: 5.16987")
    assert "a lower bound of 5.2 is claimed" in said.err


def test_a_time_limit_leaves_it_undecided(files, capsys):
    assert verified(*files, "--time-limit", "1e-9") == 2
    assert capsys.readouterr().out.startswith("undecided: 0 <= least cost")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "nowhere.json", "--points", "acute"], "cannot read 'nowhere.json'"),
        (["verify", "PROOF", "--points", "nowhere.csv", "--rho", "0.1"], "there is no file"),
        (["verify", "PROOF", "--points", "POINTS"], "--rho"),
        (["verify", "POINTS", "--points", "POINTS", "--rho", "0.1"], "this is not a proof"),
        (["verify", "PROOF", "--points", "POINTS", "--rho", "-1"], "rho"),
        (["verify", "PROOF", "--points", "no-such-problem"], "no-such-problem"),
    ],
)
def test_what_cannot_be_read_is_bad_input(files, capsys, arguments, said):
    names = {"PROOF": str(files[0]), "POINTS": str(files[1])}
    assert main([names.get(word, word) for word in arguments]) == 2
    assert said in capsys.readouterr().err


def test_solve_writes_a_proof_that_verify_proves(tmp_path, capsys):
    file = str(tmp_path / "proof.json")
    assert main(["solve", "acute", "--prove", "--out", file]) == 0
    assert "proved in" in capsys.readouterr().out
    assert main(["verify", file, "--points", "acute"]) == 0
    assert main(["solve", "orthogonal", "--prove", "--json"]) == 0
    out = capsys.readouterr().out
    proved = json.loads(out[out.index("{") :])["proved"]
    assert float(proved["lower"]) <= 2 / 0.8 + 4 / 1.8 <= float(proved["upper"])


@pytest.mark.parametrize(
    ("ended", "options", "solving", "least", "most"),
    [
        ("the gap is within tol", ["--time-limit", "10"], 7.0, 3.0, 9.7),
        ("interrupted", ["--time-limit", "10"], 7.0, 0.5, 1.0),
        ("interrupted", [], None, 0.5, 1.0),
        ("the gap is within tol", [], None, None, None),
    ],
)
def test_a_proof_takes_what_is_left_of_the_time_limit_and_a_second_after_ctrl_c(
    monkeypatch, ended, options, solving, least, most
):
    known, proof, limits = replace(min_norm_denoiser(ACUTE, 0.1), status=f"{ended}."), proved("acute"), []

    def solved(*_, time_limit, **__):
        limits.append(time_limit)
        time.sleep(0.3)
        return known

    def proving(*_, time_limit, **__):
        limits.append(time_limit)
        return proof

    monkeypatch.setattr(exactnorm, "min_norm_denoiser", solved)
    monkeypatch.setattr(prover, "rigorous", proving)
    assert main(["solve", "acute", "--prove", *options]) == 0
    assert limits[0] == solving
    assert limits[1] is None if most is None else least <= limits[1] <= most


@pytest.mark.parametrize("arguments", [["--out", "x.json"], ["--prove", "--out", "x.txt"], ["--prove", "--estimate"]])
def test_options_that_do_not_fit_are_refused_before_the_work(arguments, capsys):
    assert main(["solve", "acute", *arguments]) == 2
    assert capsys.readouterr().err


def test_verifying_loads_nothing_but_numpy_and_flint(files):
    proof, points = files
    code = f"""
import sys
class Gate:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {BLOCKED!r}:
            raise ImportError(name + " is not there")
sys.meta_path.insert(0, Gate())
from exactnorm.cli import main
status = main(["verify", {str(proof)!r}, "--points", {str(points)!r}, "--rho", "0.1"])
home = {{name.split(".")[0] for name in sys.modules}} - set(sys.stdlib_module_names)
print(status, sorted(name for name in home if not name.startswith("_")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    status, loaded = done.stdout.splitlines()[-1].split(" ", 1)
    assert status == "0"
    assert done.stdout.startswith("proved: ")
    assert set(ast.literal_eval(loaded)) <= {"exactnorm", "numpy", "flint", "cython_runtime"}


def test_samples_with_weight_decay_are_proved_and_verified_from_files(tmp_path, capsys):
    points, samples, proof = tmp_path / "points.csv", tmp_path / "samples.npy", str(tmp_path / "proof.json")
    points.write_text("0\n1\n2.5\n")
    np.save(samples, np.array([[[-0.1], [0.05]], [[0.9], [1.1]], [[2.4], [2.7]]]))
    given = ["--samples-file", str(samples), "--weight-decay", "0.01"]
    assert main(["solve", str(points), *given, "--prove", "--out", proof]) == 0
    capsys.readouterr()
    assert main(["verify", proof, "--points", str(points), *given]) == 0
    assert capsys.readouterr().out.startswith("proved: 0.00")
    assert main(["verify", proof, "--points", str(points), "--samples-file", str(samples)]) == 1
    assert "weight decay 0.01, not none" in capsys.readouterr().err
    assert main(["verify", proof, "--points", str(points), "--rho", "0.1"]) == 1
    assert "not about noise balls" in capsys.readouterr().err
    for wrong in (["--weight-decay", "0.01"], [], ["--rho", "0.1", *given]):
        assert main(["verify", proof, "--points", str(points), *wrong]) == 2


def test_a_network_is_proved_in_python_and_verified_from_files(tmp_path, capsys):
    inputs, targets, proof = tmp_path / "inputs.csv", tmp_path / "targets.npy", tmp_path / "proof.json"
    inputs.write_text("0\n1\n2\n")
    np.save(targets, np.array([0.0, 1.0, 0.0]))
    save_proof(proof, rigorous(min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0])))
    given = ["verify", str(proof), "--points", str(inputs)]
    assert main([*given, "--targets", str(targets)]) == 0
    assert capsys.readouterr().out == "proved: 1.999999999999 <= least cost <= 2\n"
    assert main([*given, "--targets", str(targets), "--weight-decay", "1"]) == 1
    assert main([*given, "--targets", str(inputs)]) == 1
    assert main([*given, "--rho", "0.1"]) == 1
    for wrong in (["--targets", str(targets), "--rho", "0.1"], ["--targets", str(proof)]):
        assert main([*given, *wrong]) == 2
    assert main([*given, "--targets", str(targets), "--samples-file", str(targets)]) == 2
