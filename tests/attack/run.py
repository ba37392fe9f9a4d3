"""All mutants of all targets, and the tables of what became of them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from attack.archives import byte_changes
from attack.consistent import consistent_changes
from attack.files import random_changes, single_changes
from attack.mutant import Mutant
from attack.records import record_changes
from attack.targets import Target
from attack.verdict import verdict

ROWS = {"several": "several arrays together", "some": "some arrays at random"}


def mutants(found: list[Target], folder: Path, seed: int = 0) -> Iterator[Mutant]:
    """All of them, some thousands for each target."""
    rng = np.random.default_rng(seed)
    for one in found:
        yield from single_changes(one, found, rng)
        yield from consistent_changes(one, found, rng)
        yield from record_changes(one, found, rng, folder)
        yield from random_changes(one, rng, 400)
        yield from byte_changes(one, rng, 100)


def attack(
    every: int, found: list[Target], folder: Path, seed: int = 0
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]], list[str]]:
    """Outcomes by change and by target, of every so many-th mutant, and the mutants that won."""
    by_change: Counter[tuple[str, str]] = Counter()
    by_target: Counter[tuple[str, str]] = Counter()
    won = []
    for n, mutant in enumerate(itertools.islice(mutants(found, folder, seed), 0, None, every)):
        outcome = verdict(mutant, folder / "mutant.npz", measured=n % 25 == 0)
        if outcome.startswith("WON"):
            won.append(
                f"{mutant.target.name}: {mutant.field}, {mutant.change}, {mutant.boast or 'no boast'}: {outcome}"
            )
        name = outcome.split(":")[0]
        by_change[ROWS.get(mutant.field, mutant.change), name] += 1
        by_target[mutant.target.name, name] += 1
    return by_change, by_target, won


def table(counts: Counter[tuple[str, str]]) -> str:
    """Counts by row and outcome."""
    columns = ("unreadable", "refuted", "undecided", "supported", "WON")
    rows = sorted({row for row, _ in counts})
    lines = [f"{'':40}" + "".join(f"{column:>12}" for column in columns)]
    lines += [f"{row:40}" + "".join(f"{counts[row, column]:12}" for column in columns) for row in rows]
    total = "".join(f"{sum(counts[row, column] for row in rows):12}" for column in columns)
    return "\n".join([*lines, f"{'all ' + str(sum(counts.values())):40}" + total]) + "\n"
