"""What the words in printed tables mean, for who has not read the papers."""

from __future__ import annotations

import re

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
    "horizon": "horizon: flow time u up to which flows are followed; inf: up to their limits.",
    "start_scale": "start_scale: spread of the starts, which are drawn around the mean of the points.",
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
ENDED = {
    "tol": "tol: the gap that was asked for.",
    "round": "A round looks for kinks, where a neuron switches, that lower the cost, and solves again with them.",
    "uniqueness of the minimiser is not shown": (
        "The minimiser is the function of least cost; whether another costs as little is not known."
    ),
    "the minimiser is unique": "The minimiser is the function of least cost; unique: no other costs as little.",
    "touches its bound": (
        "The dual touches its bound at the kinks that a network of least cost may use; a kink's moments are what it "
        "adds to the equations for mapping the points to themselves."
    ),
    "block program": "The block program is a convex program, one block a pattern, that gives a first lower bound.",
    "live|living": "A pattern, or cut, lives where some kink separates the balls so without touching any.",
    "ramp": "A ramp is flat, then rises, then is flat again: two neurons with parallel kinks.",
    "cut": "A cut says which points are on one side of a ramp.",
    "face": "A face of a pattern: those of its kinks that touch certain balls.",
}
"""What the words mean that say how a solution came to its end, by what they are known by."""
OPTIMA = (
    "optimum: the least cost of a network that maps the noise balls, of radius rho, to their points, or two numbers "
    "with it between; infeasible: there is none. source: how that is known, proved or measured, that is seen in "
    "computations (computed bracket). One-sided rays are half-lines from one of the points, any two at a right angle "
    "or a wider one; R is the radius of the circle through an equilateral triangle's corners."
)
"""What the words in the table of named problems mean."""
STANDINGS = (
    "standing: proved, published (in one of the papers), measured (seen in computations), or open. holds: whether what "
    'was computed agrees with the claim; "as expected": so it does not, as the claim is known to be false; "open": '
    "whether the claim is true in general is not known. Names with A- are statements of arXiv:2311.06748, with B- of "
    "arXiv:2506.19031."
)
"""What the words in a table of statements mean."""
BLIND = "blind to 1 % of a number: the check would not notice if the number were 1 % wrong, for the reason given."
"""What is said of a check that does not depend on a number."""


def ended(status: str) -> list[str]:
    """What the words of a status mean, those that it has."""
    return [meaning for phrase, meaning in ENDED.items() if re.search(rf"\b(?:{phrase})s?\b", status)]
