"""One-sided rays in exact numbers: directions that are obtuse exactly, and the network of ramps along them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flint import fmpq, fmpq_mat
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from exactnorm.arrays import Array
from exactnorm.certify.rays.one_sided import one_sided_rays
from exactnorm.proof.problem import Balls, product
from exactnorm.proof.rationals import above, below, exact, root, rounded
from exactnorm.proof.records import ProvedNeuron, Rays
from exactnorm.prover.cells import floats

DIGITS = 18
"""Decimals of directions and weights."""
NARROW = 1e-9
"""Cosines below this are those of right angles, by rounding; and eigenvalues those of dependent directions."""
ROUNDS = 20
"""Attempts at turning directions apart that make less than 90° by rounding."""


def exact_rays(problem: Balls, points: Array, rows: Sequence[int]) -> Rays | None:
    """The rays of the points `rows` from the first of them, their directions turned so that they are obtuse exactly.

    None where the floats are no such rays, or rounding does not let them be turned.
    """
    try:
        _, ray, t = one_sided_rays(points[list(rows)], 0)
    except ValueError:
        return None
    centre, listed, lines = rows[0], [], []
    for name in range(int(ray.max()) + 1):
        order = [int(k) for k in np.argsort(t, kind="stable") if ray[k] == name]
        listed.append(tuple(rows[k] for k in order))
        far = listed[-1][-1]
        difference = [problem.heights[far, i] - problem.heights[centre, i] for i in range(problem.rank)]
        line = problem.gamma.solve(fmpq_mat([[one] for one in difference]))
        length = exact(1 / float(root(product(difference, problem.gamma.inv(), difference), upper=True)))
        lines.append([line[i, 0] * length for i in range(problem.rank)])
    turned = obtuse(problem, lines) or obtuse(problem, parted(problem, lines))
    return None if turned is None else Rays(centre, tuple(zip(turned, listed, strict=True)))


def by_rounding(problem: Balls, evidence: Rays) -> bool:
    """Whether some point is beside its ray: only floats with exact angles are all on theirs."""
    for line, points in evidence.rays:
        square = product(line, problem.gamma, line)
        for n in points:
            step = [problem.heights[n, i] - problem.heights[evidence.centre, i] for i in range(problem.rank)]
            height = sum((x * y for x, y in zip(line, step, strict=True)), fmpq(0))
            if problem.squared_distance(n, evidence.centre) * square != height * height:
                return True
    return False


def obtuse(problem: Balls, lines: Sequence[Sequence[fmpq]]) -> list[tuple[fmpq, ...]] | None:
    """Directions near the given ones with no positive product, or None.

    Where a product is positive by rounding, each of the two directions loses as much of the other.
    """
    found = [list(line) for line in lines]
    for _ in range(ROUNDS):
        table = fmpq_mat(found)
        products = table * problem.gamma * table.transpose()
        wrong = [(k, m) for k in range(len(found)) for m in range(k) if products[k, m] > 0]
        if not wrong:
            return [tuple(line) for line in found]
        for k, m in wrong:
            share = above(products[k, m] * fmpq(3, 4), 30)
            found[k], found[m] = (
                [x - share * y for x, y in zip(found[k], found[m], strict=True)],
                [y - share * x for x, y in zip(found[k], found[m], strict=True)],
            )
    return None


def parted(problem: Balls, lines: Sequence[Sequence[fmpq]]) -> list[list[fmpq]]:
    """Directions near the given ones in spans that are orthogonal exactly, one for all that hang together.

    As many rays as fill the space have no room to be turned apart: those of a cross have to be orthogonal, and opposite
    ones opposite.
    """
    table = fmpq_mat([list(line) for line in lines])
    products = floats(table * problem.gamma * table.transpose())
    sizes = np.sqrt(np.diag(products))
    cosines = products / np.outer(sizes, sizes)
    count, label = connected_components(csr_array(cosines < -NARROW))
    out, before = [list(line) for line in lines], list[list[fmpq]]()
    for name in range(count):
        rows = np.flatnonzero(label == name).tolist()
        rank = np.linalg.matrix_rank(cosines[np.ix_(rows, rows)], tol=NARROW)
        own: list[list[fmpq]] = []
        for place, k in enumerate(rows):
            shadow = projection(problem, lines[k], before)
            out[k] = [x - y for x, y in zip(lines[k], shadow, strict=True)]
            if place < rank:
                own.append(out[k])
            else:
                out[k] = projection(problem, out[k], own)
        before += own
    return out


def projection(problem: Balls, line: Sequence[fmpq], rows: Sequence[Sequence[fmpq]]) -> list[fmpq]:
    """The orthogonal projection of a vector onto the span of independent ones."""
    if not rows:
        return [fmpq(0)] * len(line)
    table = fmpq_mat([list(row) for row in rows])
    dual = table * problem.gamma
    share = (dual * table.transpose()).solve(dual * fmpq_mat([[one] for one in line]))
    found = table.transpose() * share
    return [found[i, 0] for i in range(len(line))]


def ray_neurons(problem: Balls, evidence: Rays) -> tuple[ProvedNeuron, ...] | None:
    """Ramps across the gaps of the rays, two neurons each; None where balls are in the way or do not hang together.

    They move every ball exactly: along its ray, step by step, from the centre to itself.
    """
    if sum(len(points) for _, points in evidence.rays) + 1 < problem.size or evidence.centre != 0:
        return None
    wanted = problem.gamma.solve(problem.heights.transpose())
    r, out = problem.rank, []
    for line, points in evidence.rays:
        w = tuple(rounded(one, DIGITS) for one in line)
        at = problem.heights * fmpq_mat([[one] for one in w])
        reach = problem.rho * root(product(w, problem.gamma, w), upper=True)
        here = {0, *points}
        aside = max((at[n, 0] for n in range(problem.size) if n not in here), default=fmpq(0))
        before = 0
        for n in points:
            # The points of other rays are off, beside the first or behind it.
            kinks = inside(max(at[before, 0], aside) + reach, at[n, 0] - reach, open_=problem.rho == 0)
            if kinks is None:
                return None
            step = [wanted[i, n] - wanted[i, before] for i in range(r)]
            rise = kinks[1] - kinks[0]
            out.append(ProvedNeuron(w, -kinks[0], tuple(one / rise for one in step)))
            out.append(ProvedNeuron(w, -kinks[1], tuple(-one / rise for one in step)))
            before = n
    return tuple(out)


def inside(low: fmpq, high: fmpq, *, open_: bool) -> tuple[fmpq, fmpq] | None:
    """Two numbers of few decimals near the ends of an interval, inside it."""
    if not low < high:
        return None
    margin = (high - low) / 10**13 if open_ else fmpq(0)
    for digits in (DIGITS, 2 * DIGITS, 4 * DIGITS):
        ends = above(low + margin, digits), below(high - margin, digits)
        if ends[0] < ends[1] and ends[1] - ends[0] > (high - low) * fmpq(10**12 - 1, 10**12):
            return ends
    return None
