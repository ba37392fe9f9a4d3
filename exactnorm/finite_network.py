"""The front door for general finite problems: `min_norm_network`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from exactnorm.arrays import of_kind, real_number, what_is
from exactnorm.certify.certificate import Certificate
from exactnorm.certify.certified_network import CertifiedNetwork
from exactnorm.closed_form.interpolant import certified_interpolant
from exactnorm.exact.blas import one_blas_thread
from exactnorm.exact.deadline import Deadline, check_limit
from exactnorm.exact.settings import Settings, Solver
from exactnorm.exact.solvers.choice import chosen
from exactnorm.finite_problem import FiniteProblem
from exactnorm.network import ReLUNetwork

if TYPE_CHECKING:
    from exactnorm.exact.finite.group_lasso import FiniteBracket


def min_norm_network(
    inputs: ArrayLike,
    targets: ArrayLike,
    *,
    skip: bool = True,
    penalise_bias: bool = False,
    constant: bool = True,
    weight_decay: float | None = None,
    tol: float = 1e-6,
    solver: str = "CLARABEL",
    solver_options: dict[str, Any] | None = None,
    time_limit: float | None = None,
    progress: bool | Callable[[FiniteBracket], None] = False,
    executor: Executor | None = None,
) -> CertifiedNetwork:
    """Least-cost two-layer ReLU network through finitely many inputs and targets, or near them.

    Without weight decay: minimise R(f) = Σ ‖a_k‖ ‖w_k‖ subject to f(y_m) = x_m. With weight decay λ: minimise
    1/(2M) Σ ‖f(y_m) − x_m‖² + λ R(f).

    Parameters
    ----------
    inputs : array_like, shape (M, p)
    targets : array_like, shape (M,) or (M, q)
    skip : bool
        Whether the network has a skip connection V y, at no cost.
    penalise_bias : bool
        Whether R(f) = Σ ‖a_k‖ ‖(w_k, b_k)‖ instead.
    constant : bool
        Whether the network has a constant c, at no cost. It can be left out together with the skip connection when
        biases are penalised; ``skip=False, penalise_bias=True, constant=False`` is the problem of training
        f(y) = Σ a_k [w_k·(y, 1)]_+ with weight decay on all weights, which other packages solve.
    weight_decay : float, optional
        λ > 0.
    tol : float
        Relative gap (upper − lower)/upper to aim for. A wider bracket is returned, and said to be wider, when it is
        not reached.
    solver : str
        Any installed solver of semidefinite programs that CVXPY knows; second-order cones are all that is used here.
    solver_options : dict, optional
        In the solver's own words, in place of the package's defaults. They reach every program that is solved; a
        stand-in, asked where the solver gives no numbers, gets the defaults.
    time_limit : float, optional
        Seconds after which the best bracket so far is returned. Ctrl-C does the same.
    progress : bool or callable
        True shows progress on standard error; a callable is handed the best `FiniteBracket` after every round. On a
        line there are no rounds, nor with too many patterns to go through.
    executor : concurrent.futures.Executor, optional
        Shares out the faces of activation patterns: a process pool, Dask's ``Client.get_executor()`` or any other.

    Returns
    -------
    CertifiedNetwork
        Callable like its network. Certificate and bracket are of the objective.

    Raises
    ------
    ValueError
        If the data, `weight_decay`, `tol`, `time_limit`, the solver or one of its options is not admissible.

    Notes
    -----
    On a line (with a skip connection and free biases) any size will do. Otherwise all faces of all activation patterns
    are gone through, whose number grows as M to the rank of the inputs: a hundred or so inputs in rank 2, some tens in
    rank 3, a dozen in rank 4.

    Examples
    --------
    >>> from exactnorm import min_norm_network
    >>> f = min_norm_network([[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0])
    >>> f.certificate.upper
    2.0
    """
    check_means(tol, time_limit, progress, executor)
    asked = chosen(solver, solver_options)
    problem = FiniteProblem(inputs, targets, skip, penalise_bias, weight_decay, constant)  # type: ignore[arg-type]
    found = bracketed(problem, tol, asked, time_limit, progress, executor)
    return CertifiedNetwork(problem, *found)


def bracketed(
    problem: FiniteProblem,
    tol: float,
    solver: Solver,
    time_limit: float | None,
    progress: bool | Callable[[FiniteBracket], None],
    executor: Executor | None,
) -> tuple[ReLUNetwork, Certificate, str]:
    """Network, certificate and status: the closed form on a line, the program elsewhere."""
    deadline = Deadline(time_limit)
    with one_blas_thread():  # the problem is put into small numbers, for the first time
        closed = certified_interpolant(problem, tol)
    if closed is not None:
        return closed
    from exactnorm.exact.finite.solve import solve_finite
    from exactnorm.exact.progress import reporter

    with reporter(progress) as report:
        return solve_finite(problem, Settings(tol, solver, deadline, executor, report))


def check_means(tol: float, time_limit: float | None, progress: object = False, executor: object = None) -> None:
    """Raise ``ValueError`` or ``TypeError`` unless these are what `min_norm_network` takes for them."""
    tol = real_number(tol, "tol")
    if not 0 < tol < 1:
        msg = f"tol={tol:g}: give the relative gap to aim for, between 0 and 1, such as 1e-6"
        raise ValueError(msg)
    check_limit(time_limit)
    if not callable(progress):
        of_kind(
            progress, bool, "progress", "True, False, or a function that is handed the best bracket after every round"
        )
    if executor is not None and not callable(getattr(executor, "submit", None)):
        msg = f"executor is {what_is(executor)}: give a concurrent.futures.Executor, such as ProcessPoolExecutor()"
        raise TypeError(msg)
