"""Which closed form applies to given data."""

from __future__ import annotations

from dataclasses import dataclass, field

from numpy.typing import ArrayLike

from exactnorm.certify.rays.evidence import Rays
from exactnorm.closed_form.catalogue import FORMS, Form
from exactnorm.network import ReLUNetwork
from exactnorm.training_set import TrainingSet, training_set

TOLERANCE = 1e-9  # relative to the data's extent: rounding of points given to about ten digits


@dataclass(frozen=True, eq=False)
class Recognition:
    """The closed form that applies to a training set.

    Parameters
    ----------
    name : str
        ``"univariate"``, ``"collinear"``, ``"orthogonal"``, ``"obtuse_simplex"``, ``"rays"``,
        ``"equilateral_triangle"``, ``"one_versus_rest"``, or ``""`` where none applies.
    network : ReLUNetwork or None
        Its network.
    minimal : bool
        Whether the network is proved to have the least cost of all, given that the hypotheses hold exactly.
    centre : int
        Row of the point x_0 where the rays start, −1 where there are no rays.
    tolerance : float
        To which the hypotheses were checked, relative to the extent of the data.
    reasons : dict of str to str
        For each geometry that was tried and does not apply, the hypothesis that failed; for one that applies and is not
        known to be minimal, what is known.
    form : Form or None
        The entry of the catalogue: its `build` gives the network at other radii.
    """

    name: str
    network: ReLUNetwork | None = field(repr=False)
    minimal: bool
    centre: int
    tolerance: float
    reasons: dict[str, str]
    form: Form | None = field(default=None, repr=False)


def recognise(points: ArrayLike, rho: float) -> Recognition:
    """Find the closed form for a training set: one that is proved minimal if there is one, else one-versus-rest.

    Parameters
    ----------
    points : array_like, shape (N, d)
    rho : float
        Radius of the noise balls.

    Returns
    -------
    Recognition

    Raises
    ------
    ValueError
        If the points are not a training set.
    """
    train = training_set(points, rho)
    reasons: dict[str, str] = {}
    general = _first_that_applies(FORMS, train, reasons)
    if general is None:
        return Recognition("", None, False, -1, TOLERANCE, reasons)
    form, network = _first_that_applies(general[0].special, train, reasons) or general
    minimal = form.minimal(train)
    if not minimal:
        reasons[form.name] = form.unless_minimal
    least = general[0].lower_bound(train).evidence if general[0].lower_bound is not None and minimal else None
    match least:
        case Rays(rows=(centre, *_)):
            pass
        case _:
            centre = -1
    return Recognition(form.name, network, minimal, centre, TOLERANCE, reasons, form)


def _first_that_applies(
    forms: tuple[Form, ...], train: TrainingSet, reasons: dict[str, str]
) -> tuple[Form, ReLUNetwork] | None:
    """The first form that applies with its network; why those before it do not goes into `reasons`."""
    for form in forms:
        try:
            return form, form.build(train.points, train.rho)
        except (ValueError, ArithmeticError) as failed:
            reasons[form.name] = str(failed)
    return None
