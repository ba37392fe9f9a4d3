"""Sets with their radius and their optimum, from the proved formulas and not from the program."""

import numpy as np

SQRT3 = np.sqrt(3.0)

KNOWN = {
    "univariate": ([[0.0], [1.0], [2.5]], 0.1, 2 / 0.8 + 3 / 1.3),
    "orthogonal": ([[0.0, 0], [1, 0], [0, 2]], 0.1, 2 / 0.8 + 4 / 1.8),
    "obtuse": ([[0.0, 0], [1, 0], [-0.7, 1]], 0.1, 2 / 0.8 + 2 * np.sqrt(1.49) / (np.sqrt(1.49) - 0.2)),
    "equilateral": ([[1.0, 0], [-0.5, SQRT3 / 2], [-0.5, -SQRT3 / 2]], 0.1, 12 / (3 - 0.4)),
    "five unit vectors and 0": (np.vstack([np.zeros(5), np.eye(5)]), 0.05, 10 / 0.9),
}
