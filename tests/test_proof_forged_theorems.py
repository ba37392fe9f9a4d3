"""Rays, segments and corners forged by hand: refused by both verifiers."""

from fractions import Fraction as F

import numpy as np
import pytest
from forging import rays, refused_by_both, whole

CORNER = [[0.0, 0], [1, 0], [0, 2]]
TINY = str(F(1, 10**60))
WHOLE = {
    "rays that are obtuse but for 1e-60": (CORNER, 0.1, rays((["1", TINY], [1]), (["0", "1"], [2])), "4.7"),
    "a ray twice": (CORNER, 0.1, rays((["1", "0"], [1]), (["1", "0"], [1])), "5"),
    "a point twice on a ray": (CORNER, 0.1, rays((["1", "0"], [1, 1])), "3"),
    "a ray through its own centre": (CORNER, 0.1, rays((["1", "0"], [0, 1])), "3"),
    "a ray without direction": (CORNER, 0.1, rays((["0", "0"], [1])), "1"),
    "a ray backwards": (CORNER, 0.1, rays((["-1", "0"], [1])), "1"),
    "a ray past the ball": (CORNER, 0.1, rays((["1", "0.1"], [1])), "2"),
    "a ray to the farther point first": ([[0.0], [2.0], [1.0]], 0.1, rays((["1"], [1, 2])), "5"),
    "a ray across touching balls": ([[0.0], [1.0], [3.0]], 0.5, rays((["1"], [1])), "1"),
    "more rays than there can be": (CORNER, 0.1, rays(*[(["1", "0"], [])] * 5), "0"),
    "segments that weigh too much by 1e-60": (
        CORNER,
        0.1,
        {"kind": "segments", "segments": [[0, 1, "1." + "0" * 59 + "1"], [0, 2, "0.25"]]},
        "1",
    ),
    "a segment that weighs less than nothing": (
        CORNER,
        0.1,
        {"kind": "segments", "segments": [[0, 1, "2"], [0, 2, "-0.1"]]},
        "1",
    ),
    "a segment of one point": (CORNER, 0.1, {"kind": "segments", "segments": [[1, 1, "1"]]}, "0"),
    "a segment twice": (CORNER, 0.1, {"kind": "segments", "segments": [[0, 1, "0.4"], [1, 0, "0.4"]]}, "1"),
    "a segment between touching balls": (CORNER, 0.5, {"kind": "segments", "segments": [[0, 1, "1"]]}, "1"),
    "corners that are nearly those of a simplex": (
        np.vstack([np.eye(3)[:2], [[0, 0, 1 + 2.0**-50]]]),
        0.05,
        {"kind": "regular simplex", "corners": [0, 1, 2]},
        "4.3",
    ),
    "two corners": (np.eye(3), 0.05, {"kind": "regular simplex", "corners": [0, 1]}, "2"),
    "corners twice": (np.eye(3), 0.05, {"kind": "regular simplex", "corners": [0, 1, 2, 0]}, "6"),
    "corners with balls beyond half the height": (
        np.eye(3),
        0.62,
        {"kind": "regular simplex", "corners": [0, 1, 2]},
        "4",
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_proofs(name):
    points, rho, lower, claim = WHOLE[name]
    basis = [1, 2] if np.shape(points)[1] == 3 else None
    refused_by_both(whole(points, rho, lower, claim, basis=basis), points, rho)
