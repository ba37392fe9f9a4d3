"""The explorer in the browser: points that are dragged, and what becomes of their denoiser while one does.

Needs Bokeh: ``pip install 'exactnorm[explore]'``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from exactnorm import CertifiedDenoiser, TrainingSet
from exactnorm.explorer.view import View

if TYPE_CHECKING:
    from exactnorm.explorer.page.server import Explorer

__all__ = ["explore"]

MISSING = "the explorer needs Bokeh, the extra `explore`: pip install 'exactnorm[explore]'"


def explore(what: CertifiedDenoiser | TrainingSet | ArrayLike, rho: float | None = None) -> Explorer:
    """Open the explorer on a denoiser, or on points and a radius, beside what runs here.

    In a notebook the result shows itself, in a frame; elsewhere open its `url` in a browser of this machine. It ends
    with this process, or by its method ``close()``.

    Parameters
    ----------
    what : CertifiedDenoiser, TrainingSet or array_like, shape (N, d)
        Up to eight points in the plane can be moved; others are looked at in two coordinates of their affine hull.
    rho : float, optional
        Radius of the noise balls, when points are given.

    Returns
    -------
    Explorer
        With `url` and `close`.

    Raises
    ------
    ImportError
        If Bokeh is missing.
    ValueError
        If the points are not admissible, stand for noisy samples, or come without a radius.
    """
    denoiser = what if isinstance(what, CertifiedDenoiser) else None
    train = what.train if isinstance(what, CertifiedDenoiser) else what
    if isinstance(train, TrainingSet):
        if rho is not None:
            msg = "rho is given twice: the training set already has one; give it here or there"
            raise ValueError(msg)
        if train.samples is not None:
            msg = "the explorer shows noise balls; this training set has noisy samples"
            raise ValueError(msg)
        view = View(train.points, train.rho)
    elif rho is None:
        msg = "rho is missing: give the radius of the noise balls"
        raise ValueError(msg)
    else:
        view = View(what, rho)  # type: ignore[arg-type]
    try:
        from exactnorm.explorer.page.server import Explorer
    except ImportError as missing:
        raise ImportError(MISSING) from missing
    explorer = Explorer(view, denoiser)
    explorer.run_beside()
    return explorer
