"""The sets of points on which experiments about neighbours of the theory are run, by name."""

from __future__ import annotations

import numpy as np

from exactnorm.arrays import Array
from exactnorm.problems import digit_images

SETS = ("line", "orthogonal", "orthonormal", "obtuse", "digits")


def points_of(name: str, seed: int = 0) -> Array:
    """Points of a set, x_0 first; `seed` turns the orthogonal ones.

    "line": 0, 1, 2.5; "orthogonal": x_0 and three points at distances 1, 1.3, 1.7; "orthonormal": x_0 and eight points
    at distance 1 in R⁸; "obtuse": x_0 and three points in R³, at obtuse angles; "digits": five images, pixels 0 to 1.

    Raises
    ------
    ValueError
        If there is no such set.
    """
    rng = np.random.default_rng(seed)
    if name == "line":
        return np.array([[0.0], [1.0], [2.5]])
    if name == "orthogonal":
        axes = np.linalg.qr(rng.standard_normal((3, 3)))[0]
        return np.vstack([np.zeros(3), axes * np.array([[1.0], [1.3], [1.7]])])
    if name == "orthonormal":
        return np.vstack([np.zeros(8), np.linalg.qr(rng.standard_normal((8, 8)))[0]])
    if name == "obtuse":
        return np.array([[0.0, 0, 0], [1, 0, 0], [-0.5, 1, 0], [-0.5, -0.6, 1]])
    if name == "digits":
        return np.asarray(digit_images()[0][:5] / 16)
    msg = f"no set is called {name!r}; there are {', '.join(SETS)}"
    raise ValueError(msg)
