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
    "one point for three corners": (
        [[0.0, 0], [0, 0], [0, 0], [1, 0], [0, 1]],
        0.1,
        {"kind": "regular simplex", "corners": [0, 1, 2]},
        "4",
    ),
    "one point for two of three corners": (
        [[0.0, 0], [0, 0], [1, 0], [0.5, 0.75]],
        0.1,
        {"kind": "regular simplex", "corners": [0, 1, 2]},
        "4",
    ),
    "one point beside two rays": ([[0.0, 0], [1, 1], [0, 5]], 0.1, rays((["1", "-0.2"], [1]), (["0", "1"], [1])), "1"),
    "beside a ray balls that nearly touch along it": (
        [[0.0, 0], [0.1 + 2.0**-20, 0.2], [0, 1]],
        0.1,
        rays(([str(F(1) / F(0.1 + 2.0**-20)), str(-F(0.2) / F(0.1 + 2.0**-20))], [1])),
        "0.34",
    ),
    "a point beside its ray as if it were on it": (CORNER, 0.0, rays((["1", "1/2000000000"], [1])), "2"),
    "segments of no length": (
        [[0.0, 0], [0, 0], [1, 0], [0, 1]],
        0.0,
        {"kind": "segments", "segments": [[0, 1, "1"]]},
        "1",
    ),
    "all segments with the weight of one": (
        CORNER,
        0.1,
        {"kind": "segments", "segments": [[0, 1, "1"], [0, 2, "0.25"], [1, 2, "0.2"]]},
        "6",
    ),
    "nothing, with more to say": (CORNER, 0.1, {"kind": "none", "bound": "4"}, "4"),
    "two corners": (np.eye(3), 0.05, {"kind": "regular simplex", "corners": [0, 1]}, "2"),
    "corners twice": (np.eye(3), 0.05, {"kind": "regular simplex", "corners": [0, 1, 2, 0]}, "6"),
    "corners with balls beyond half the height": (
        np.eye(3),
        0.62,
        {"kind": "regular simplex", "corners": [0, 1, 2]},
        "4",
    ),
}


BASES = {
    "one point for three corners": [3, 4],
    "one point for two of three corners": [2, 3],
    "segments of no length": [2, 3],
    "a ray to the farther point first": [1],
    "a ray across touching balls": [1],
}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_proofs(name):
    points, rho, lower, claim = WHOLE[name]
    basis = BASES.get(name, [1, 2])
    refused_by_both(whole(points, rho, lower, claim, basis=basis), points, rho)
