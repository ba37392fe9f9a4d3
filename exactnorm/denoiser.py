"""The front door: `min_norm_denoiser`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from exactnorm.arrays import real_array, what_is
from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.closed_form.certified import certified_form
from exactnorm.exact.deadline import Deadline
from exactnorm.exact.solvers.choice import chosen
from exactnorm.finite_network import bracketed, check_means
from exactnorm.finite_problem import finite_problem
from exactnorm.training_set import OverlapError, TrainingSet, training_set


def min_norm_denoiser(
    train_or_points: TrainingSet | ArrayLike,
    rho: float | None = None,
    *,
    method: Literal["auto", "program", "ramps"] = "auto",
    weight_decay: float | None = None,
    tol: float = 1e-6,
    solver: str = "CLARABEL",
    solver_options: dict[str, Any] | None = None,
    time_limit: float | None = None,
    progress: bool | Callable[[Any], None] = False,
    executor: Executor | None = None,
    near: CertifiedDenoiser | None = None,
) -> CertifiedDenoiser:
    """Minimum-norm denoiser of a training set, with a bracket on the least representation cost.

    It maps whole noise balls, or noisy samples, to their clean points. With weight decay λ it minimises, over the M
    noisy samples of all points together, 1/(2M) Σ ‖h(y_m) − x_m‖² + λ R(h).

    Parameters
    ----------
    train_or_points : TrainingSet or array_like, shape (N, d)
        The clean points, with their noise balls or noisy samples, or the points alone together with `rho`.
    rho : float, optional
        Radius of the noise balls, when points are given.
    method : {"auto", "program", "ramps"}
        ``"auto"`` takes the closed form where a proved statement gives both the network and the lower bound, which
        it does for points on one-sided rays (lines, orthogonal sets and obtuse simplices among them); the
        certificate's `kind` is then ``"theorem"``. ``"program"`` always solves the convex program. ``"ramps"``
        gives the best sum of ramps that is found, for any number of points: not the least of all networks, as the
        status says, together with what is known of the best sum of ramps. For noisy samples the first two are the same
        and there are no ramps.
    weight_decay : float, optional
        λ > 0, for noisy samples only. The certificate then brackets the objective.
    tol : float
        Relative gap (upper − lower)/upper to aim for. A wider bracket is returned, and said to be wider, when it is
        not reached.
    solver : str
        Any installed solver of semidefinite programs that CVXPY knows.
    solver_options : dict, optional
        In the solver's own words, in place of the package's defaults. They reach every cone program that is solved;
        a stand-in, asked where the solver gives no numbers, gets the defaults.
    time_limit : float, optional
        Seconds after which the best bracket so far is returned. Ctrl-C does the same once there is a network; before,
        a ``KeyboardInterrupt`` is raised, which says what is known by then.
    progress : bool or callable
        True shows progress on standard error; a callable is handed the best `Bracket` after every round, or
        `FiniteBracket` for noisy samples; both have `lower`, `upper`, `gap`, `rounds`, `seconds` and `kinks`.
    executor : concurrent.futures.Executor, optional
        Shares out the bounds on single cells, or, for noisy samples, faces of activation patterns: a process pool,
        Dask's ``Client.get_executor()`` or any other.
    near : CertifiedDenoiser, optional
        A denoiser of the same points at another radius to start from: its kinks, moved to touch the balls, and its dual
        matrices. It changes the time and not the answer, and is not used for noisy samples.

    Returns
    -------
    CertifiedDenoiser
        Callable like its network.

    Raises
    ------
    ValueError
        If the training set, `method`, `tol`, `time_limit`, the solver or one of its options is not admissible, or two
        points are too near each other for floating point.
    InfeasibleProblem
        A ``ValueError``: if no network maps every ball to its centre. Its `ray` proves it.
    ArithmeticError
        If the time is over, or there are too many activation patterns, before any network was found or shown not to
        exist. Its `lower` bounds the least cost, and at its `radius`, which is smaller, a network is found at once; the
        ``KeyboardInterrupt`` of Ctrl-C by then has both, too.

    Notes
    -----
    A network of ramps across gaps between balls, and the bound of some points on one-sided rays, come first. Where
    there are too many activation patterns to enumerate, or no time for it, this wide but valid bracket is the answer,
    and the status says so.
    """
    train = _training_set(train_or_points, rho)
    check_means(tol, time_limit, progress, executor)
    asked = chosen(solver, solver_options)
    deadline = Deadline(time_limit)
    if not (isinstance(method, str) and method in ("auto", "program", "ramps")):
        msg = f"method={method!r:.40} is unknown: give 'auto', 'program' or 'ramps'"
        raise ValueError(msg)
    if method == "ramps" and (train.samples is not None or weight_decay is not None):
        msg = "method='ramps' is for noise balls; leave it out for noisy samples and weight decay"
        raise ValueError(msg)
    if near is not None and not (
        isinstance(near, CertifiedDenoiser) and np.array_equal(near.train.points, train.points)
    ):
        msg = "near: give a denoiser of the same points, in the same order"
        raise ValueError(msg)
    if train.samples is not None or weight_decay is not None:
        problem = finite_problem(train, weight_decay)
        found = bracketed(problem, tol, asked, time_limit, progress, executor)
        return CertifiedDenoiser(train, *found)
    if method == "auto" and (closed := certified_form(train, deadline.effort)) is not None:
        return closed
    # Solvers take a while to load; only those who solve pay for it.
    from exactnorm.exact.balls.wider import solve_sturdily
    from exactnorm.exact.progress import reporter
    from exactnorm.exact.ramps.solve import solve_ramps
    from exactnorm.exact.settings import Settings

    with reporter(progress) as report:
        settings = Settings(tol, asked, deadline, executor, report)
        return solve_ramps(train, settings) if method == "ramps" else solve_sturdily(train, settings, near)


def _training_set(train_or_points: TrainingSet | ArrayLike, rho: float | None) -> TrainingSet:
    """The training set, which has a radius of its own, or that of points and a radius."""
    if isinstance(train_or_points, TrainingSet):
        if rho is not None:
            msg = "rho is given twice: the training set already has one; give it here or there"
            raise ValueError(msg)
        return train_or_points
    if rho is None:
        if isinstance(getattr(train_or_points, "train", None), TrainingSet):
            msg = f"train_or_points is {what_is(train_or_points)}: give its `.train`, which has a radius"
            raise ValueError(msg)
        real_array(train_or_points, "points")  # what are no points need no radius
        msg = "rho is missing: give the radius of the noise balls (0 for the limit of small balls)"
        raise ValueError(msg)
    try:
        return training_set(train_or_points, rho)
    except OverlapError as overlap:
        from exactnorm.exact.balls.radius import with_a_radius

        raise with_a_radius(overlap, train_or_points) from None
