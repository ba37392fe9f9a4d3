"""Proofs that were tampered with, for both verifiers to judge.

    python tests/proof_mutants.py FOLDER [--digits N] [--changes N] [--seed N] [--only NAME ...]

goes through the proofs NAME.json in a folder with points and radius in NAME.npz, and prints how many mutants were
proved and refuted, by kind. The two verifiers must agree on every one, in the verdict and in the bracket; and no mutant
that is proved may state a bracket that excludes the optimum, which the unaltered proof encloses.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path

import naive_verifier
import numpy as np

from exactnorm.proof.shapes import UnreadableProofError
from exactnorm.proof.verify import verify


def numbers(found, path=()):
    """Paths of all rational numbers of a parsed proof."""
    if isinstance(found, dict):
        for name, one in found.items():
            if name not in ("format", "problem", "sha256", "kind"):
                yield from numbers(one, (*path, name))
    elif isinstance(found, list):
        for k, one in enumerate(found):
            yield from numbers(one, (*path, k))
    elif isinstance(found, str):
        yield path


def at(found, path):
    for step in path:
        found = found[step]
    return found


def put(found, path, value):
    at(found, path[:-1])[path[-1]] = value


def nudged(text, step):
    """The number with `step` added to its last digit, of the numerator if it is a quotient."""
    if "/" in text:
        top, bottom = text.split("/")
        return f"{int(top) + step}/{bottom}"
    digits = len(text.partition(".")[2])
    value = int(text.replace(".", "")) + step
    sign, size = ("-" if value < 0 else ""), str(abs(value)).rjust(digits + 1, "0")
    return sign + (size[: len(size) - digits] + "." + size[len(size) - digits :] if digits else size)


def harmful(path, text, problem):
    """The direction in which a last digit does harm: a better claim, a smaller bound, a multiplier out of its cone."""
    if path == ("claim", "lower"):
        return 1
    if path == ("claim", "upper"):
        return -1
    if path[0] == "lower" and "nu" in path:
        return -1
    if path[0] == "lower" and path[1] == "B" and path[-1] == problem.rank:
        return -1 if problem.heights[path[2] + 1, path[3]] > 0 else 1
    if path[0] == "lower" and "ell" in path and path[-1] == problem.rank:
        return -1
    return 1 if not text.startswith("-") else -1  # away from zero


def last_digits(proof, problem, rng, count):
    """(place, mutant) for proofs with one number changed in its last digit, in the harmful direction."""
    places = list(numbers(proof))
    for k in rng.integers(len(places), size=count):
        path, mutant = places[k], json.loads(json.dumps(proof))
        text = at(mutant, path)
        put(mutant, path, nudged(text, harmful(path, text, problem)))
        yield place(path), mutant


def place(path):
    """A short name of a place in a proof."""
    return ".".join(step for step in path if isinstance(step, str))


def changes(proof, rng, count):
    """(kind, mutant) for proofs that are changed beyond a digit: the ways of `attack.py`, on what a proof has."""
    for _ in range(count):
        mutant = json.loads(json.dumps(proof))
        kind, change = WAYS[rng.integers(len(WAYS))]
        if change(mutant, rng) is not False:
            boast(mutant, rng)
            yield kind, mutant


def boast(proof, rng):
    """State more, some of the time."""
    claim = proof["claim"]
    if rng.random() < 0.5:
        claim["lower"] = str(Fraction(claim["lower"]) * Fraction(1 + int(rng.integers(3)), 1) + Fraction(1, 10**9))
    elif rng.random() < 0.3 and claim["upper"] is not None:
        claim["upper"] = str(Fraction(claim["upper"]) * Fraction(99, 100))


def _scaled(proof, rng):
    places = list(numbers(proof))
    path = places[rng.integers(len(places))]
    factor = [Fraction(0), Fraction(-1), Fraction(2), Fraction(1, 2), Fraction(10**9), Fraction(999_999, 10**6)]
    put(proof, path, str(Fraction(at(proof, path)) * factor[rng.integers(len(factor))]))


def _scaled_array(proof, rng):
    low = proof["lower"]
    if low["kind"] != "cells":
        return False
    factor = Fraction(int(rng.integers(900_000, 1_100_000)), 10**6)
    low["B"] = [[[str(Fraction(x) * factor) for x in row] for row in one] for one in low["B"]]
    return None


def _in_list(*names):
    def change(proof, rng):
        found = proof
        for name in names:
            if not isinstance(found, dict) or not found.get(name):
                return False
            found = found[name]
        if not isinstance(found, list):
            return False
        k = int(rng.integers(len(found)))
        way = rng.integers(4)
        if way == 0:
            del found[k]
        elif way == 1:
            found.append(json.loads(json.dumps(found[k])))
        elif way == 2:
            found[k], found[0] = found[0], found[k]
        else:
            found[k] = json.loads(json.dumps(found[0]))
        return None

    return change


def _cell(proof, rng):
    cells = proof["lower"].get("cells")
    if not cells:
        return False
    cell, other = cells[rng.integers(len(cells))], cells[rng.integers(len(cells))]
    name = ("on", "ball", "cuts", "mu", "nu", "ell")[rng.integers(6)]
    if name == "ball" and rng.random() < 0.5:
        cell["ball"] = int(rng.integers(-1, proof["points"]["number"]))
    elif name == "cuts" and rng.random() < 0.5:
        r = len(proof["coordinates"]["basis"])
        cell["cuts"] = [*cell["cuts"], [str(int(x)) for x in rng.integers(-3, 4, size=r)]]
    elif rng.random() < 0.3 and name in ("nu", "ell"):
        cell[name] = []
    else:
        cell[name] = json.loads(json.dumps(other[name]))
    return None


def _pattern(proof, rng):
    lists = proof["lower"].get("cells")
    if not lists:
        return False
    on = lists[rng.integers(len(lists))]["on"]
    n = int(rng.integers(proof["points"]["number"]))
    on.remove(n) if n in on else on.append(n)
    return None


def _frame(proof, rng):
    way = rng.integers(3)
    size = proof["points"]["number"]
    if way == 0:
        proof["coordinates"]["unit"] += int(rng.choice([-1, 1]))
    elif way == 1:
        proof["coordinates"]["basis"] = [int(n) for n in rng.integers(1, size, size=len(proof["coordinates"]["basis"]))]
    else:
        proof["claim"]["rho"] = str(Fraction(proof["claim"]["rho"]) / 2)


def _kind(proof, rng):
    way = rng.integers(3)
    if way == 0:
        proof["lower"] = {"kind": "none"}
    elif way == 1:
        proof["upper"] = None
    else:
        r, size = len(proof["coordinates"]["basis"]), proof["points"]["number"]
        line = [str(int(x)) for x in rng.integers(-2, 3, size=r)]
        points = [int(n) for n in rng.permutation(size)[: rng.integers(1, size)]]
        proof["lower"] = {
            "kind": "rays",
            "centre": int(rng.integers(size)),
            "rays": [{"direction": line, "points": points}],
        }


WAYS = (
    ("a number", _scaled),
    ("a number", _scaled),
    ("all of B", _scaled_array),
    ("the cells", _in_list("lower", "cells")),
    ("the clashes", _in_list("lower", "clashes")),
    ("the rays", _in_list("lower", "rays")),
    ("the corners", _in_list("lower", "corners")),
    ("the order", _in_list("lower", "order")),
    ("B", _in_list("lower", "B")),
    ("the neurons", _in_list("upper", "neurons")),
    ("a cell", _cell),
    ("a cell", _cell),
    ("a pattern", _pattern),
    ("coordinates", _frame),
    ("the evidence", _kind),
)


def both(mutant, points, rho):
    """The verdict of both verifiers; they must agree, and so must the brackets that they prove."""
    text = json.dumps(mutant)
    try:
        ours = verify(text, points, rho)
    except UnreadableProofError:
        return "unreadable", None
    try:
        outcome, lower, upper, _ = naive_verifier.judge(text, points.tolist(), rho)
    except (ValueError, KeyError, IndexError, TypeError, ZeroDivisionError, AttributeError) as failed:
        outcome, lower, upper = f"naive: {type(failed).__name__} {failed}", 0, None
    assert ours.outcome == outcome, (ours, outcome)
    if outcome == "proved":
        assert abs(float(ours.lower) - float(lower)) <= 1e-9 * float(lower), (ours.lower, lower)
        assert (upper is None) == (ours.upper is None)
    return outcome, ours


def remembering():
    """Let the naive verifier, which takes seconds for a simplex, look but once at what mutants leave as it is.

    That is a cell with its dual matrices, the matrix S of these, or a network, each together with the problem.
    """
    problem = naive_verifier.Problem
    slack, cost, pivots = problem.slack, problem.cost, naive_verifier.pivots
    kept: dict = {}

    def once(work, key):
        if key not in kept:
            kept[key] = work()
        return kept[key]

    def about(p):
        return repr((p.x, p.rho, p.d))

    problem.slack = lambda p, cell, B: once(lambda: slack(p, cell, B), (about(p), repr(cell), repr(B)))
    problem.cost = lambda p, neurons: once(lambda: cost(p, neurons), (about(p), repr(neurons)))
    naive_verifier.pivots = lambda S: once(lambda: pivots(S), repr(S))


def tally(proof, points, rho, mutants):
    """Counts of outcomes by kind; no mutant may state what the unaltered proof, which is right, excludes."""
    low, high = Fraction(proof["claim"]["lower"]), Fraction(proof["claim"]["upper"])
    counts: Counter = Counter()
    for kind, mutant in mutants:
        outcome, _ = both(mutant, points, rho)
        counts[kind, outcome] += 1
        if outcome == "proved":
            claim = mutant["claim"]
            assert Fraction(claim["lower"]) <= high, (kind, mutant)
            assert claim["upper"] is None or Fraction(claim["upper"]) >= low, (kind, mutant)
    return counts


def corpus(folder):
    """Name, proof, points and radius of every proof in a folder."""
    for file in sorted(Path(folder).glob("*.json")):
        with np.load(file.with_suffix(".npz")) as data:
            yield file.stem, json.loads(file.read_text()), data["X"], float(data["rho"])


if __name__ == "__main__":
    from exactnorm.proof.document import read
    from exactnorm.proof.problem import balls
    from exactnorm.proof.rationals import exact

    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--digits", type=int, default=50)
    parser.add_argument("--changes", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", help="names of proofs; all without it")
    arguments = parser.parse_args()
    remembering()
    digits: Counter = Counter()
    larger: Counter = Counter()
    for name, proof, points, rho in corpus(arguments.folder):
        if arguments.only and name not in arguments.only:
            continue
        record = read(json.dumps(proof))
        problem, rng = balls(points, exact(rho), record.basis, record.unit), np.random.default_rng(arguments.seed)
        digits += tally(proof, points, rho, last_digits(proof, problem, rng, arguments.digits))
        larger += tally(proof, points, rho, changes(proof, rng, arguments.changes))
        sys.stdout.write(f"{name}: {sum(digits.values())} last digits, {sum(larger.values())} larger changes\n")
        sys.stdout.flush()
    for title, counts in (("one number changed in its last digit", digits), ("larger changes", larger)):
        sys.stdout.write(f"\n{title}: {sum(counts.values())}\n")
        for (kind, outcome), count in sorted(counts.items()):
            sys.stdout.write(f"  {kind:40s} {outcome:12s} {count}\n")
