"""Each newer method alone against the loop with faces alone, on random small sets: no bound above, no network below.

    python tests/test_exact_methods_contain.py [--cases N] [--first K]

prints every set and what is wrong with it if anything is; then on how many sets each method was compared, and the share
by which its bound was above the cost of the loop's network where it was most. A set is made from its number alone.
"""

import argparse
import sys
import time
import traceback

import pytest
from methods_alone import METHODS, ROUNDING, TOLERANCE, Found, by_faces_alone
from small_sets import Case, case

MANY = 200
SOME = (*range(3, 20), *range(21, 24), 64)
"""Those of the ordinary suite: twenty seconds."""


def narrowest(found):
    """The highest lower and the lowest upper end."""
    return Found(max(one.lower for one in found), min(one.upper for one in found))


def held(of: Case):
    """The bracket by faces alone, and the bracket of each method that has something to say."""
    old = by_faces_alone(of.train)
    found = {method.__name__: list(method(of, old.upper)) for method in METHODS}
    return old, {name: narrowest(some) for name, some in found.items() if some}


def wrong(old, found) -> list[str]:
    """Every bracket that does not hold the optimum, in words."""
    said = [] if old.certifies(TOLERANCE) else [f"faces alone leave {old}"]
    for name, one in found.items():
        if not (one.lower <= old.upper * (1 + ROUNDING) and one.upper >= old.lower * (1 - ROUNDING)):
            said.append(f"{name}: {tuple(one)!r} does not meet {(old.lower, old.upper)!r}")
    return said


@pytest.mark.parametrize("number", SOME)
def test_each_method_alone_holds_the_optimum_that_faces_alone_find(number):
    assert wrong(*held(case(number))) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [k for k in range(MANY) if k not in SOME])
def test_each_method_alone_holds_the_optimum_of_two_hundred_sets(number):
    assert wrong(*held(case(number))) == []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=MANY)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    above, bad = {method.__name__: [] for method in METHODS}, 0
    for number in range(given.first, given.first + given.cases):
        of, began, found = case(number), time.process_time(), {}
        try:
            old, found = held(of)
            said = wrong(old, found)
        except Exception as failed:  # whatever else comes out is a defect
            said = ["".join(traceback.format_exception(failed))]
        for name, one in found.items():
            above[name].append(((one.lower - old.upper) / old.upper, number))
        bad += bool(said)
        what = f"case {number} ({of.family}, {of.train.size} points of rank {of.frame.rank})"
        sys.stdout.write("\n".join([f"{what}: {time.process_time() - began:.1f} s", *said]) + "\n")
        sys.stdout.flush()
    for name, some in above.items():
        sys.stdout.write(f"{name:15} {len(some):4} {max(some, default=())}\n")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
