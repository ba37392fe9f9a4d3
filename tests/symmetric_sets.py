"""Sets of points that many isometries permute."""

import itertools
import math

import numpy as np
from scipy.spatial.distance import pdist

from exactnorm import TrainingSet
from exactnorm.exact.balls.averaged import up_to_symmetry
from exactnorm.exact.balls.problem import Reduced, reduced
from exactnorm.exact.balls.start import first_kinks


def cross_polytope(d):
    return np.vstack([np.eye(d), -np.eye(d)])


def lattice(*sides):
    return np.array(list(itertools.product(*[np.arange(float(k)) for k in sides])))


def polygon(n):
    angle = 2 * np.pi * np.arange(n) / n
    return np.column_stack([np.cos(angle), np.sin(angle)])


def prism(n, height):
    base = polygon(n)
    return np.vstack([np.column_stack([base, np.full(n, h)]) for h in (0.0, height)])


ORDERS = {
    "square": (lattice(2, 2), 8),
    "cube": (lattice(2, 2, 2), 48),
    "hypercube": (lattice(2, 2, 2, 2), 384),
    "cross-polytope of 4": (cross_polytope(4), 2**4 * math.factorial(4)),
    "cross-polytope of 6": (cross_polytope(6), 2**6 * math.factorial(6)),
    "simplex of 7": (np.eye(7), math.factorial(7)),
    "simplex of 40": (np.eye(40), math.factorial(40)),
    "rectangle": (np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0], [0.0, 2.0]]), 4),
    "isosceles triangle": (np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 3.0]]), 2),
    "3 by 3 lattice": (lattice(3, 3), 8),
    "3 by 3 by 3 lattice": (lattice(3, 3, 3), 48),
    "2 by 3 by 4 lattice": (lattice(2, 3, 4), 8),
    "polygon of 7": (polygon(7), 14),
    "polygon of 12": (polygon(12), 24),
    "prism of 6": (prism(6, 0.7), 24),
    "numbers in balance": (np.array([[0.0], [1.0], [3.0], [4.0]]), 2),
}
"""Points, and how many isometries permute them, from geometry books."""


SETS = {
    "square": lattice(2, 2),
    "pentagon": polygon(5),
    "3 by 3": lattice(3, 3),
    "prism of 3": prism(3, 1.2),
    "octahedron": cross_polytope(3),
    "mirror": np.array([[-1.0, 0.0], [1.0, 0.0], [-0.6, 0.9], [0.6, 0.9], [-0.8, -1.1], [0.8, -1.1], [0.0, 2.0]]),
}


def problems(points: np.ndarray, share: float = 0.3) -> tuple[Reduced, Reduced]:
    """The problem, and that with one pattern of each orbit."""
    whole = reduced(TrainingSet(points, share * pdist(points).min()))
    return whole, up_to_symmetry(whole, first_kinks(whole), lambda: None)
