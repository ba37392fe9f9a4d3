"""From a training set to a certified denoiser, by convex programs over activation patterns.

CVXPY is loaded when one of the functions is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import cvxpy

    from exactnorm.training_set import TrainingSet

__all__ = ["program"]


def program(train: TrainingSet) -> cvxpy.Problem:
    """The block semidefinite program over all activation patterns, to look at or to give to another solver.

    Parameters
    ----------
    train : TrainingSet

    Returns
    -------
    cvxpy.Problem
        Its value is a lower bound on the least representation cost (in units in which the farthest point from x_0 is
        at distance 1; the cost does not depend on the unit). It is a relaxation: equal to the least cost on many
        geometries, not in general.

    Raises
    ------
    ValueError
        If there are too many patterns to enumerate.
    """
    from exactnorm.exact.balls.cells import whole_cells
    from exactnorm.exact.balls.problem import reduced
    from exactnorm.exact.balls.program import block_program

    problem = reduced(train)
    return block_program(problem.points, problem.rho, whole_cells(problem.patterns, problem.frame.rank))
