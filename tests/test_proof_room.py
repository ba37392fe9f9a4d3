"""Short files that ask for gigabytes, or for minutes in a single step: undecided in a sentence, within the limits."""

import json
import subprocess
import sys
import time
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from flint import fmpq
from forging import whole
from proof_corpus import SETS, problem_of, proved
from test_proof_limits import about_network

from exactnorm.proof import limits
from exactnorm.proof.limits import Limits
from exactnorm.proof.network import upper_bound
from exactnorm.proof.problem import balls, whole_offsets
from exactnorm.proof.records import ProvedNeuron
from exactnorm.proof.verify import verify, verify_network

NOTHING = {"kind": "none"}


def fraction(rng, digits):
    """A number between 1 and 3/2 with a denominator of its own."""
    bottom = rng.randrange(10 ** (digits - 1), 10**digits) | 1
    return f"{bottom + rng.randrange(1, bottom // 2)}/{bottom}"


def corner(r):
    return np.vstack([np.zeros(r), np.eye(r)])


def wide_network(r, neurons, digits):
    """Every neuron is on at all balls but the first, with another one that takes away what it supplies."""
    rng, half = Random(0), []
    for _ in range(neurons):
        w, a = ([fraction(rng, digits) for _ in range(r)] for _ in "wa")
        half.append({"w": w, "b": "-1/2", "a": a})
    other = [{**one, "a": [f"-{x}" for x in one["a"]]} for one in half]
    return whole(corner(r), 2.0**-10, NOTHING, "0", upper={"neurons": half + other}, high="1"), corner(r), 2.0**-10


def long_clash(size, d, digits):
    """Combinations of points of a line in a space of many dimensions, gone through coordinate by coordinate."""
    points, rng = np.outer(np.arange(size), np.arange(1.0, d + 1)), Random(1)
    weights = [Fraction(fraction(rng, digits)) / (2 * size) for _ in range(size - 2)]
    on = [[n + 1, str(one)] for n, one in enumerate([*weights, 1 - sum(weights)])]
    low = {"kind": "cells", "order": [*range(size)], "B": [[["0", "0"]]] * (size - 1), "cells": []}
    text = whole(points, 0.0, {**low, "clashes": [{"on": on, "off": [[0, "1"]]}]}, "0", basis=[1])
    return text, points, 0.0


def many_sums(r, digits):
    """Dual matrices of many digits, summed for every pattern."""
    points, rng, size = corner(r), Random(2), r + 1
    B = [[[*(f"1/{rng.randrange(10**digits)}" for _ in range(r)), "0"] for _ in range(r)] for _ in range(r)]
    cells = [
        {"on": [n for n in range(size) if on >> n & 1], "ball": -1, "cuts": [], "mu": "-1/4", "nu": [], "ell": []}
        for on in range(2, 2**size, 2)
    ]
    low = {"kind": "cells", "order": [*range(size)], "B": B, "clashes": [], "cells": cells}
    return whole(points, 0.25, low, "0"), points, 0.25


def long_lists_of_cuts(leaves):
    """Leaves of one tree, two hundred cuts deep."""
    points = np.arange(6.0)[:, None]
    cell = {"on": [1], "ball": -1, "mu": "0", "nu": [], "ell": []}
    cells = [{**cell, "cuts": [["1"]] * 199 + [[str(k)]]} for k in range(leaves)]
    low = {"kind": "cells", "order": [*range(6)], "B": [[["0", "0"]]] * 5, "clashes": [], "cells": cells}
    return whole(points, 0.25, low, "0"), points, 0.25


def long_line(size):
    """Of a cell for thousands of points, the products of its rows two by two."""
    points = np.arange(float(size))[:, None]
    clashes = [{"on": [[n, "1"]], "off": [[0, "1"]]} for n in range(1, size)]
    cell = {"on": [size - 1], "ball": -1, "cuts": [], "mu": "0", "nu": [[0, 1, "1"]], "ell": []}
    low = {"kind": "cells", "order": [*range(size)], "B": [[["0", "0"]]] * (size - 1), "clashes": clashes}
    return whole(points, 2.0 * size, {**low, "cells": [cell]}, "0"), points, 2.0 * size


def long_segments(size, digits):
    """Segments between all points, whose weights have denominators of their own."""
    points, rng = np.random.default_rng(3).standard_normal((size, size - 1)), Random(3)
    listed = [[i, j, f"1/{rng.randrange(10**digits) | 1}"] for i in range(size) for j in range(i)]
    return whole(points, 0.0, {"kind": "segments", "segments": listed}, "0"), points, 0.0


def long_text(cells):
    points = corner(8)
    cell = {"on": [1], "ball": -1, "cuts": [["0"] * 8] * 100, "mu": "0", "nu": [], "ell": []}
    low = {"kind": "cells", "order": [*range(9)], "B": [[["0"] * 9] * 8] * 8, "clashes": [], "cells": [cell] * cells}
    return whole(points, 0.1, low, "0"), points, 0.1


GREEDY = {
    "the sums of a network": lambda: wide_network(40, 100, 40),
    "sums of dual matrices": lambda: many_sums(9, 1200),
    "lists of cuts": lambda: long_lists_of_cuts(1500),
    "rows of a cell": lambda: long_line(6_000),
}


def judged(name):
    """In a process of its own: outcome, sentence, processor seconds, and megabytes beyond those before."""
    import resource

    text, points, rho = GREEDY[name]()
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    verdict = verify(text, points, rho, time_limit=20.0)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    given = (len(text) + points.nbytes) / 2**20
    sys.stdout.write(json.dumps([verdict.outcome, verdict.reasons, time.process_time() - start, more, given]))


@pytest.mark.parametrize("name", GREEDY)
def test_memory_is_a_multiple_of_file_and_points(name):
    code = f"import test_proof_room as room; room.judged({name!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=__file__.rpartition("/")[0])
    assert done.returncode == 0, done.stderr
    outcome, reasons, seconds, megabytes, given = json.loads(done.stdout)
    assert outcome in ("undecided", "refuted"), (outcome, reasons)
    assert len(reasons) == 1
    assert seconds < 25
    assert megabytes < 80 + 40 * given  # reading alone takes thirty times the file


SLOW = {
    "the sums of a network": lambda: wide_network(12, 40, 38),
    "the weights of a clash": lambda: long_clash(40, 1000, 400),
    "weights of segments": lambda: long_segments(40, 40),
    "a long text": lambda: long_text(2_000),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_time_limit_is_kept_wherever_the_time_goes(name):
    text, points, rho = SLOW[name]()
    start = time.process_time()
    verdict = verify(text, points, rho, time_limit=0.3)
    assert time.process_time() - start < 1.5
    assert verdict.outcome == "undecided"
    assert "the time limit of 0.3 s was reached" in verdict.reasons[0]


def long_values(inputs, neurons, digits):
    """A network through inputs whose values have the digits of all neurons together."""
    rng, rank = Random(5), inputs.shape[1]
    still = ["0"] * (rank - 1)
    half = [{"w": [fraction(rng, digits), *still], "b": "-1/2", "a": [fraction(rng, digits)]} for _ in range(neurons)]
    other = [{**one, "a": [f"-{one['a'][0]}"]} for one in half]
    targets = inputs[:, :1] % 2
    proof = json.loads(about_network(inputs, targets, list(range(1, rank + 1)), [1], NOTHING))
    proof["claim"]["upper"] = "1"
    proof["upper"] = {"neurons": half + other, "V": [["0"] * rank], "c": ["0"]}
    return json.dumps(proof), targets


def test_the_time_limit_holds_while_values_of_many_digits_are_added_up():
    inputs = np.column_stack([np.arange(150.0), np.arange(150.0) ** 2])
    text, targets = long_values(inputs, 60, 100)
    start = time.process_time()
    verdict = verify_network(text, inputs, targets, time_limit=0.3)
    assert time.process_time() - start < 1.5
    assert verdict.outcome == "undecided"
    assert "the time limit of 0.3 s was reached" in verdict.reasons[0]


def test_on_a_line_such_values_are_added_up_from_kink_to_kink():
    inputs = np.arange(150.0)[:, None]
    text, targets = long_values(inputs, 60, 100)
    start = time.process_time()
    verdict = verify_network(text, inputs, targets)
    assert time.process_time() - start < 1.5
    assert (verdict.outcome, "does not map sample" in verdict.reasons[0]) == ("refuted", True)


@pytest.mark.parametrize("longer", [100, 3000])
def test_on_a_line_the_time_limit_holds_from_kink_to_kink(longer):
    inputs = np.arange(300.0)[:, None]
    text, targets = long_values(inputs, 300, longer)
    start = time.process_time()
    verdict = verify_network(text, inputs, targets, time_limit=0.05)
    assert time.process_time() - start < 1.5
    assert verdict.outcome == "undecided"


class Clock:
    """In the place of a module: it counts how often it is looked at, and says that it is a second later each time."""

    def __init__(self):
        self.looks = 0

    def __call__(self):
        self.looks += 1

    def monotonic(self):
        self.looks += 1
        return float(self.looks)


def ramp(copies):
    """From 0 to 1 between the balls of radius 1/4 around the points 0 and 1, in so many parts."""
    a = fmpq(2) / copies
    kinks = (fmpq(-1, 4), a), (fmpq(-3, 4), -a)
    return [ProvedNeuron((fmpq(1),), b, (height,)) for _ in range(copies) for b, height in kinks]


def test_the_clock_is_looked_at_between_the_neurons_of_a_network():
    problem, looks = balls(np.array([[0.0], [1.0]]), fmpq(1, 4), [1], 0), []
    for copies in (64, 128, 512):
        clock = Clock()
        assert upper_bound(problem, ramp(copies), Limits(clock)) == 4
        looks.append(clock.looks)
    assert looks[0] >= 128
    assert looks[1] - looks[0] >= 128
    assert looks[2] - looks[1] >= 768


def text_of_ramp(copies):
    listed = [{"w": ["1"], "b": str(one.b), "a": [str(one.a[0])]} for one in ramp(copies)]
    return whole([[0.0], [1.0]], 0.25, NOTHING, "0", upper={"neurons": listed}, high="5")


def test_a_network_of_many_neurons_takes_longer_than_a_clock_allows_that_is_looked_at_between_them(monkeypatch):
    text = text_of_ramp(200)
    read = text.count("w")  # looks while reading are as many
    for limit, outcome in ((read + 300.0, "undecided"), (1e6, "proved")):
        monkeypatch.setattr(limits, "time", Clock())
        verdict = verify(text, [[0.0], [1.0]], 0.25, time_limit=limit)
        assert verdict.outcome == outcome, verdict.reasons


@pytest.mark.parametrize("name", [name for name in SETS if name not in ("huge", "five in the plane")])
def test_whenever_the_time_ends_the_verdict_is_undecided_and_its_bracket_holds(name, monkeypatch):
    points, rho = problem_of(name)
    text, found, clock = proved(name).text, proved(name), Clock()
    monkeypatch.setattr(limits, "time", clock)
    assert verify(text, points, rho, time_limit=1e9).outcome == "proved"
    rng = np.random.default_rng(6)
    for limit in {0, 1, clock.looks - 3, *rng.integers(clock.looks - 2, size=12)}:
        clock.looks = 0
        verdict = verify(text, points, rho, time_limit=float(limit))
        assert verdict.outcome == "undecided", limit
        assert verdict.reasons[0].endswith(f"the time limit of {limit} s was reached")
        assert verdict.lower == 0 or verdict.lower >= found.lower
        assert verdict.upper is None or verdict.upper <= found.upper


@pytest.mark.parametrize(
    "points",
    [
        np.random.default_rng(0).standard_normal((5, 3)),
        np.array([[0.0, 5e-324], [1e139, -1.0]]),
        np.array([[-5e-324, 3.0], [2.0**-1060, -0.0]]),
        np.array([[4.0, 8.0], [12.0, 0.0]]),
        np.zeros((2, 2)),
    ],
    ids=["normal", "far and near", "below normal", "whole", "nothing"],
)
def test_whole_offsets_are_the_differences(points):
    whole, power = whole_offsets(points)
    for n, row in enumerate(points):
        for k, one in enumerate(row):
            assert Fraction(int(whole[n, k])) * Fraction(2) ** power == Fraction(one) - Fraction(points[0, k])


def test_points_that_would_fill_the_memory_as_whole_numbers_are_left_undecided():
    """Of 700,000 numbers between 5e-324 and 1e139 each takes 1,500 binary digits beside the others."""
    points = np.ones((70_000, 10))
    points[:, 0] = np.arange(70_000)
    points[0] = [5e-324, 1e139, *[0.0] * 8]
    low = {"kind": "none"}
    start = time.process_time()
    verdict = verify(whole(points, 0.0, low, "0", basis=[1]), points, 0.0)
    assert time.process_time() - start < 5
    assert (verdict.outcome, "the points as whole numbers" in verdict.reasons[0]) == ("undecided", True)
