"""The front door: `min_norm_denoiser`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import ArrayLike

from exactnorm.certify.certified import CertifiedDenoiser
from exactnorm.closed_form.certified import certified_rays
from exactnorm.training_set import TrainingSet, real_number

if TYPE_CHECKING:
    from exactnorm.exact.bracket import Bracket


def min_norm_denoiser(
    train_or_points: TrainingSet | ArrayLike,
    rho: float | None = None,
    *,
    method: Literal["auto", "program"] = "auto",
    tol: float = 1e-6,
    solver: str = "CLARABEL",
    solver_options: dict[str, Any] | None = None,
    time_limit: float | None = None,
    progress: bool | Callable[[Bracket], None] = False,
    executor: Executor | None = None,
) -> CertifiedDenoiser:
    """Minimum-norm denoiser of a training set, with a bracket on the least representation cost.

    Parameters
    ----------
    train_or_points : TrainingSet or array_like, shape (N, d)
        The clean points, with their noise balls, or the points alone together with `rho`.
    rho : float, optional
        Radius of the noise balls, when points are given.
    method : {"auto", "program"}
        ``"auto"`` takes the closed form where a proved statement gives both the network and the lower bound, which
        it does for points on one-sided rays (lines, orthogonal sets and obtuse simplices among them); the
        certificate's `kind` is then ``"theorem"``. ``"program"`` always solves the convex program.
    tol : float
        Relative gap (upper − lower)/upper to aim for. A wider bracket is returned, and said to be wider, when it is
        not reached.
    solver : str
        Any installed solver of semidefinite programs that CVXPY knows.
    solver_options : dict, optional
        Passed on to the solver.
    time_limit : float, optional
        Seconds after which the best bracket so far is returned. Ctrl-C does the same.
    progress : bool or callable
        True shows progress on standard error; a callable is handed the best `Bracket` after every round.
    executor : concurrent.futures.Executor, optional
        Shares out the bounds on single cells: a process pool, Dask's ``Client.get_executor()`` or any other.

    Returns
    -------
    CertifiedDenoiser
        Callable like its network.

    Raises
    ------
    ValueError
        If the training set, `method`, `tol`, `time_limit` or the solver is not admissible, or there are too many
        activation patterns to enumerate.
    """
    if isinstance(train_or_points, TrainingSet):
        train = train_or_points
        if rho is not None:
            msg = "rho is given twice: the training set already has one"
            raise ValueError(msg)
    elif rho is None:
        msg = "rho is missing: give the radius of the noise balls (0 for the limit of small balls)"
        raise ValueError(msg)
    else:
        train = TrainingSet(train_or_points, rho)  # type: ignore[arg-type]
    if not 0 < real_number(tol, "tol") < 1:
        msg = f"tol={tol:g}: the relative gap to aim for lies between 0 and 1, such as 1e-6"
        raise ValueError(msg)
    if time_limit is not None and not real_number(time_limit, "time_limit") > 0:
        msg = f"time_limit={time_limit:g}: give a positive number of seconds"
        raise ValueError(msg)
    if method not in ("auto", "program"):
        msg = f"method={method!r} is unknown: use 'auto' or 'program'"
        raise ValueError(msg)
    if method == "auto" and (closed := certified_rays(train)) is not None:
        return closed
    # CVXPY takes a second to load; only those who solve pay for it.
    from exactnorm.exact.progress import reporter
    from exactnorm.exact.solve import solve_balls

    with reporter(progress) as report:
        return solve_balls(
            train,
            tol=tol,
            solver=solver,
            solver_options=solver_options or {},
            time_limit=time_limit,
            executor=executor,
            report=report,
        )
