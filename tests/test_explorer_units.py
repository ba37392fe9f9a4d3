"""What the explorer draws does not depend on the unit of the points."""

import numpy as np
import pytest

from exactnorm.explorer import columns
from exactnorm.explorer.picture import at_once, with_ways
from exactnorm.explorer.view import View

POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])


def drawn(unit):
    """Where the flows of a set in some unit go, in that unit."""
    picture = with_ways(at_once(View(unit * POINTS, 0.1 * unit, cloud=12)))
    found = columns.ways(picture)
    return np.array([found["ways"]["xs"], found["ways"]["ys"]]) / unit, found["ends"]["what"]


@pytest.mark.parametrize("unit", [2.0**-34, 2.0**20])
def test_ways_of_points_in_any_unit_are_the_same_curves(unit):
    (one, kinds), (other, others) = drawn(1.0), drawn(unit)
    assert np.ptp(one) > 1
    assert np.abs(one - other).max() < 1e-7
    assert kinds == others
