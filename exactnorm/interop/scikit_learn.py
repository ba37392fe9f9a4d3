"""A scikit-learn estimator."""

from __future__ import annotations

import warnings
from math import comb
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from exactnorm.arrays import Array
from exactnorm.certify import CertifiedDenoiser, interpolation_error
from exactnorm.closed_form import bounds
from exactnorm.denoiser import min_norm_denoiser
from exactnorm.geometry import affine_hull
from exactnorm.reading.index_column import look_at_frame
from exactnorm.training_set import TrainingSet


class MinNormDenoiser(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc, unused-ignore]
    """Minimum-norm denoiser of the rows of X: `fit` on clean points, `transform` or `predict` noisy ones.

    Parameters
    ----------
    rho : float
        Radius of the noise balls; 0 means the limit ρ → 0+.
    tol : float
        Relative gap to aim for.
    solver : str
        Any semidefinite solver that CVXPY has.
    solver_options : dict, optional
        In its own words, as for `min_norm_denoiser`.
    time_limit : float, optional
        Seconds.
    max_patterns : int
        Where half the number of activation patterns of points in general position is larger, no program is solved:
        the cheapest closed form that interpolates is taken, and the bracket says how far from minimal it may be.

    Attributes
    ----------
    network_ : ReLUNetwork
    lower_, upper_ : float
        Bracket on the least cost: a lower bound, and the cost of `network_`.
    gap_ : float
        (upper − lower)/upper.
    interpolation_error_ : float
        Supremum of ‖h(y) − x_n‖ over the whole balls.
    denoiser_ : CertifiedDenoiser or None
        With its certificate; None where a closed form was taken because of `max_patterns`.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where X had names: those of the denoised coordinates, too.
    """

    def __init__(
        self,
        rho: float = 0.0,
        *,
        tol: float = 1e-6,
        solver: str = "CLARABEL",
        solver_options: dict[str, Any] | None = None,
        time_limit: float | None = None,
        max_patterns: int = 100,
    ) -> None:
        self.rho = rho
        self.tol = tol
        self.solver = solver
        self.solver_options = solver_options
        self.time_limit = time_limit
        self.max_patterns = max_patterns

    def fit(self, X: ArrayLike, y: Any = None) -> MinNormDenoiser:  # noqa: ARG002
        """Fit on clean points (n, d), n ≥ 2. Rows that occur again are dropped; `y` is not used."""
        look_at_frame(X, "X")
        if getattr(X, "dtype", None) == np.float16:
            warnings.warn("float16 keeps three digits: distances between these points were rounded", stacklevel=2)
        rows: Array = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        _, first = np.unique(rows, axis=0, return_index=True)
        train = TrainingSet(rows[np.sort(first)], self.rho)
        rank = affine_hull(train.points).rank
        if sum(comb(train.size - 1, i) for i in range(rank + 1)) <= self.max_patterns:
            self._solve(train)
        else:
            self._take_closed_form(train)
        self.gap_ = (self.upper_ - self.lower_) / self.upper_
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Denoised points (m, d): float32 for float32, computed in float64; a data frame after `set_output`."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return self.network_(rows).astype(rows.dtype, copy=False)

    def predict(self, X: ArrayLike) -> Array:
        """Denoised points (m, d): the same as `transform`."""
        return self.transform(X)

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Minus the mean squared distance of the denoised X (m, d) from the clean points y (m, d): 0 is best."""
        denoised = self.transform(X)
        clean = check_array(y, dtype=np.float64)
        if clean.shape != denoised.shape:
            msg = f"y has shape {clean.shape}; give the clean points of X, of shape {denoised.shape}"
            raise ValueError(msg)
        return -float(np.mean(np.sum((denoised - clean) ** 2, axis=1)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _solve(self, train: TrainingSet) -> None:
        denoiser = min_norm_denoiser(
            train,
            tol=self.tol,
            solver=self.solver,
            solver_options=self.solver_options,
            time_limit=self.time_limit,
        )
        certificate = denoiser.certificate
        self.denoiser_: CertifiedDenoiser | None = denoiser
        self.network_ = denoiser.network
        self.lower_, self.upper_ = certificate.lower, certificate.upper
        self.interpolation_error_ = certificate.interpolation_error

    def _take_closed_form(self, train: TrainingSet) -> None:
        found = bounds(train.points, train.rho)
        if found.network is None:
            msg = (
                f"{train.size} points with more than max_patterns={self.max_patterns} activation patterns, and no "
                "closed form fits them; use a smaller rho or a larger max_patterns"
            )
            raise ValueError(msg)
        self.denoiser_, self.network_ = None, found.network
        self.lower_, self.upper_ = found.lower, found.upper
        self.interpolation_error_ = interpolation_error(found.network, train.points, train.rho)
