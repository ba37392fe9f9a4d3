"""What the words in printed tables mean, for who has not read the papers."""

from __future__ import annotations

MEANING = {
    "virtual training point": "virtual training point: a sum of training points, seen from one of them, that is none.",
    "boundary": "boundary, interior, outside: of the hyperbox that points on orthogonal lines span.",
    "other": "other: at no training point, and these points span no hyperbox, the box of points on "
    "orthogonal lines, to be on or in.",
    "none": "none: without an endpoint.",
    "longest": "longest: longest side of the hyperbox that the points span, whose shortest side is 1.",
    "below": "below, above: starts whose threshold tau is below T, or above: of a flow from a T above it the theory "
    "says that it ends at a vertex, a corner of the hyperbox that points on orthogonal lines span; on vertex: how many "
    "do.",
    "memorised": "memorised: more than three times nearer to one training point than to any other.",
}
"""What the words in a table of endpoints mean."""
MEANT_WITH = {"interior": "boundary", "outside": "boundary"}
"""Kinds of endpoint that are explained together with another one."""
INTERVALS = "low, high: the ends of 95 % intervals."
"""What these columns of an experiment are."""
GIVEN = {
    "alpha": "alpha: noise radius per unit of noise, rho = alpha·sigma.",
    "T": "T: the schedule's time at which flows start; sigma_T: the noise level there.",
    "gap": "gap: by what share of itself the denoiser's cost may be above the least.",
}
"""What the parameters of a flow mean."""
COST = "The cost of a network is the sum of |a| |w| over its neurons a [w·y + b]_+, which weight decay keeps small."
DUAL = "Dual multipliers are numbers that show such a bound, whoever found them."
SOLVED = {
    "points": "The affine rank is the dimension of what the points span.",
    "objective at the network": (
        "The objective is half the mean squared error on the samples, and the weight decay times the cost."
    ),
    "patterns, cells": (
        "A pattern says on which balls a neuron is on; a cell is a pattern, or a part of one, with a bound of its own. "
        + DUAL
    ),
    "multipliers": DUAL,
    "points on rays": "Rays begin at one of the points, any two of them at a right angle or a wider one.",
    "segments": "A segment joins two of the points.",
}
"""What the words in the table of a solution, and in the sentences below it, mean."""
STANDINGS = (
    "standing: proved, published (in one of the papers), measured (seen in computations), or open. Names with A- are "
    "statements of arXiv:2311.06748, with B- of arXiv:2506.19031."
)
"""What the words in a table of statements mean."""
