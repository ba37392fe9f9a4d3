"""A set of seven points in general position, whose patterns all live, and B of the path over all of them."""

from functools import cache

import numpy as np
from scipy.spatial.distance import pdist

from exactnorm import TrainingSet
from exactnorm.exact.balls.first import first_bracket
from exactnorm.exact.balls.joint import path
from exactnorm.exact.balls.problem import reduced
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.settings import Settings
from exactnorm.geometry import affine_hull

UNLIMITED = Deadline(None)


def a_set(seed, size=7, share=0.2):
    points = np.random.default_rng(seed).standard_normal((size, size - 1))
    train = TrainingSet(points, share * pdist(points).min())
    return reduced(train), first_bracket(train, affine_hull(points), Settings())


@cache
def seven_points():
    """A problem, a network, and B of the path over all patterns."""
    problem, first = a_set(0)
    return problem, first, next(at for at in path(problem, first.upper, UNLIMITED) if at.ahead < 1e-3 * first.upper)
