"""Whether cells miss no activation pattern: a search through all of them, cut where two hulls come too near."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flint import fmpq

from exactnorm.proof.limits import FREE, Limits
from exactnorm.proof.matrices import added
from exactnorm.proof.problem import Balls
from exactnorm.proof.records import Cells, Clash, Multipliers, ProvedCell

STEPS = 20_000_000
"""Beginnings of patterns times clashes that are gone through: some seconds."""

Cuts = Sequence[tuple[fmpq, ...]]


class TooManyPatternsError(RuntimeError):
    """The search for a pattern without a cell was given up."""


def clash_flaw(problem: Balls, clash: Clash, limits: Limits = FREE) -> str:
    """What keeps a clash from showing that no kink has its points on different sides; empty if nothing does.

    Hulls that come nearer than 2ρ leave no room for a kink that misses the balls; at ρ = 0 a kink must separate
    strictly, and hulls that meet forbid that.
    """
    limits.extent((weight for _, weight in (*clash.on, *clash.off)), "the weights of a clash")
    for side in (clash.on, clash.off):
        weights = [weight for _, weight in side]
        different = len({n for n, _ in side}) == len(side)
        if not different or any(weight < 0 for weight in weights) or added(weights, limits) != 1:
            return "the weights of a clash are no convex combination"
    terms = [*clash.on, *((n, -weight) for n, weight in clash.off)]
    squared = problem.squared(terms, limits)
    wanted = 4 * problem.rho * problem.rho
    near = squared < wanted if problem.rho > 0 else squared == 0
    return "" if near else "the combinations of a clash are not nearer than 2 rho"


def uncovered(problem: Balls, evidence: Cells | Multipliers, limits: Limits = FREE) -> str:
    """A pattern without cells that no clash excludes, in words; empty if there is none.

    Raises
    ------
    TooManyPatternsError
        After `STEPS` prefixes.
    """
    order = evidence.order
    if sorted(order) != list(range(problem.size)) or order[0] != 0:
        return "the order is no order of the points that begins with the first"
    place = {n: k for k, n in enumerate(order)}
    by_end: list[list[tuple[int, int]]] = [[] for _ in order]
    for clash in evidence.clashes:
        on, off = _bits(n for n, _ in clash.on), _bits(n for n, _ in clash.off)
        by_end[max(place[n] for n, _ in (*clash.on, *clash.off))].append((on, off))
    complete = complete_patterns(evidence.cells, problem.size, limits)
    stack, steps = [(1, 0, 1)], 0  # places filled, balls on, balls off
    while stack:
        filled, on, off = stack.pop()
        limits.check()
        steps += 1 + len(by_end[filled - 1])
        if steps > STEPS:
            msg = f"more than {STEPS} beginnings of patterns, and clashes that might exclude them"
            raise TooManyPatternsError(msg)
        if any(a & ~on == 0 and b & ~off == 0 for a, b in by_end[filled - 1]):
            continue
        if filled == problem.size:
            if on and on not in complete:
                return f"the pattern with balls {_members(on)} on is not covered by cells"
            continue
        ball = 1 << order[filled]
        stack.append((filled + 1, on, off | ball))
        stack.append((filled + 1, on | ball, off))
    return ""


def complete_patterns(cells: Iterable[ProvedCell], size: int, limits: Limits = FREE) -> set[int]:
    """The patterns, as bits, that cells cover."""
    groups: dict[int, dict[int, list[Cuts]]] = {}
    for cell in cells:
        groups.setdefault(cell.on, {}).setdefault(cell.ball, []).append(cell.cuts)
    return {
        on
        for on, balls in groups.items()
        # Of the kinks with one normal those that touch a ball suffice: the dual function is convex in b.
        if (-1 in balls and tree_complete(balls[-1], limits))
        or all(j in balls and tree_complete(balls[j], limits) for j in range(size))
    }


def tree_complete(leaves: Sequence[Cuts], limits: Limits = FREE, depth: int = 0) -> bool:
    """Whether half-space cells are the leaves of a tree of two-sided cuts, so that together they miss nothing.

    At a depth all leaves have the same cuts above, which are not looked at again.
    """
    if any(len(cuts) == depth for cuts in leaves):
        return True
    if not leaves:
        return False
    limits.check()
    first = leaves[0][depth]
    # A cut by nothing has one side, not two: else a list of them would be gone through again and again.
    sides = {first, tuple(-one for one in first)}
    return all(tree_complete([cuts for cuts in leaves if cuts[depth] == side], limits, depth + 1) for side in sides)


def _bits(rows: Iterable[int]) -> int:
    out = 0
    for n in rows:
        out |= 1 << n
    return out


def _members(bits: int) -> list[int]:
    return [n for n in range(bits.bit_length()) if bits >> n & 1]
