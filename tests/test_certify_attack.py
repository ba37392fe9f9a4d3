"""The attack of `attack.py`: nothing false is supported, and nothing but the declared errors is raised."""

import itertools

import numpy as np
import pytest
from attack.consistent import consistent_changes
from attack.run import attack, mutants
from attack.targets import targets as sound
from attack.verdict import verdict

from exactnorm.certify import check
from exactnorm.certify.interpolation import Miss
from exactnorm.cli import main


@pytest.fixture(scope="module")
def targets(tmp_path_factory):
    return sound(tmp_path_factory.mktemp("targets"))


def kinds(outcomes):
    """How many mutants had each outcome."""
    return {name: sum(n for (_, outcome), n in outcomes.items() if outcome == name) for _, name in outcomes}


def test_a_share_of_the_mutants_gets_nowhere(targets, tmp_path):
    by_change, by_target, won = attack(283, targets, tmp_path)
    assert won == []
    assert sum(by_change.values()) > 900
    assert len({name for name, _ in by_target}) == len(targets) == 21
    assert min(kinds(by_change)[name] for name in ("unreadable", "refuted", "supported")) > 50


@pytest.mark.parametrize("part", ["bound", "sure_miss"])
def test_the_attack_finds_a_checker_that_believes_what_it_is_told(part, targets, tmp_path, monkeypatch):
    gullible = {
        "bound": lambda *_, claim, **__: claim,
        "sure_miss": lambda *_: Miss(0.0, 0.0, 0.0),
    }
    monkeypatch.setattr(check, part, gullible[part])
    for name in ("network", "balls on a line") if part == "bound" else ("balls on a line",):
        one = next(one for one in targets if one.name == name)
        some = consistent_changes(one, [], np.random.default_rng(0))
        assert any(verdict(mutant, tmp_path / "mutant.npz", measured=False).startswith("WON") for mutant in some)


def test_the_command_ends_with_a_status_and_a_sentence(targets, tmp_path, capsys):
    """Here the problem is the file's own, however strange."""
    file = tmp_path / "mutant.npz"
    some = [one for one in targets if one.name in ("balls on a line", "balls of radius 0", "theorem", "network")]
    lengths = (mutant for one in some for mutant in consistent_changes(one, [], np.random.default_rng(1)))
    chosen = itertools.chain(
        itertools.islice(mutants(some, tmp_path), 0, None, 2503),
        (mutant for mutant in lengths if mutant.boast == "" and "times" in mutant.change and "all" in mutant.change),
    )
    seen = set()
    for mutant in chosen:
        data = mutant.make()
        if isinstance(data, bytes):
            file.write_bytes(data)
            status = main(["check", str(file), "--time-limit", "20"])
            out, err = capsys.readouterr()
            assert status in (0, 1, 2)
            assert (out == "", err == "", err.count("\n")) == ((False, True, 0) if status == 0 else (True, False, 1))
            seen.add((status, err.split(": ")[1] if status else ""))
    assert {(0, ""), (1, "refuted")} < seen


@pytest.mark.slow
def test_no_mutant_gets_anywhere(targets, tmp_path):
    by_change, _, won = attack(5, targets, tmp_path)
    assert won == []
    assert sum(by_change.values()) > 20_000
