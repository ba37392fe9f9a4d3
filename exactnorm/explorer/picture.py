"""All that a picture of a view shows, as plain arrays: computed here, drawn elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from exactnorm import CertifiedDenoiser, TrainingSet, rest_points
from exactnorm.arrays import Array
from exactnorm.explorer.flows import NoFlowError, Ways, closed_family, probability_ways, score_ways
from exactnorm.explorer.known import Known, Obstacle, inseparable, known, known_at_once, overlap
from exactnorm.explorer.plane import grid, kink_lines, plane_of, window
from exactnorm.explorer.view import View
from exactnorm.flow import Basins, RestPoint, basins
from exactnorm.flow.ways import hyperbox_outline
from exactnorm.geometry import Frame

Box = tuple[float, float, float, float]

ARROWS = 15
"""Arrows along a side of the picture."""
CELLS = 64
"""Cells along a side of the picture of basins."""
FEW_NEURONS = 16
"""Up to so many neurons, all rest points are found within the time of a drag."""
MOST_REGIONS = 20_000
"""Regions between kinks that are searched for rest points for a picture."""
UNSEARCHED = f"rest points were not looked for: kinks cut what matters into more than {MOST_REGIONS:,} regions"


@dataclass(frozen=True, eq=False)
class Picture:
    """What there is to see.

    Parameters
    ----------
    view : View
    frame : Frame
        The plane of the picture.
    box : (float, float, float, float)
        The part of it that is shown at first.
    known : Known or None
        The network and its bracket; None where there is none at this radius.
    obstacle : Obstacle or None
        Why there is none.
    grid, move : ndarray, shape (m, 2)
        Places y, and h(y) − y in the plane.
    kinks : ndarray, shape (K, 2, 2)
    rest : tuple of RestPoint or None
        None where they were not looked for.
    outline : ndarray, shape (n, 2)
        Of the hyperbox; empty where the points span none.
    ways : Ways or None
        None where flows were not followed.
    note : str
        What there is to say about parts that are missing.
    """

    view: View
    frame: Frame
    box: Box
    known: Known | None
    obstacle: Obstacle | None
    grid: Array
    move: Array
    kinks: Array
    rest: tuple[RestPoint, ...] | None
    outline: Array
    ways: Ways | None = None
    note: str = ""

    @property
    def places(self) -> Array:
        """The points in the plane, shape (N, 2)."""
        return self.frame.coordinates(self.view.points)


def at_once(view: View, denoiser: CertifiedDenoiser | None = None, box: Box | None = None) -> Picture:
    """The picture without flows: of a denoiser, or of what formulas give within some hundredths of a second.

    Parameters
    ----------
    view : View
    denoiser : CertifiedDenoiser, optional
        Of its points and radius.
    box : (float, float, float, float), optional
        Where to show the field; around the points by default.
    """
    frame = plane_of(view.points)
    box = box or window(frame.coordinates(view.points), view.rho)
    obstacle = overlap(view.points, view.rho)
    found: Known | None = None
    if obstacle is None:
        train = TrainingSet(view.points, view.rho)
        found = known_at_once(train) if denoiser is None else known(denoiser)
        if found.network is None:
            obstacle = inseparable(train)
    if found is None or obstacle is not None:
        none = np.zeros((0, 2))
        return Picture(view, frame, box, None, obstacle, none, none, np.zeros((0, 2, 2)), None, none)
    few = found.network is not None and found.network.neurons <= FEW_NEURONS
    return with_rest(drawn(view, frame, box, found)) if few else drawn(view, frame, box, found)


def drawn(view: View, frame: Frame, box: Box, found: Known) -> Picture:
    """Field and kinks of what is known."""
    at = grid(box, ARROWS).reshape(-1, 2)
    move, kinks = np.zeros((0, 2)), np.zeros((0, 2, 2))
    if found.network is not None:
        Y = frame.points(at)
        move = (found.network(Y) - Y) @ frame.axes.T
        wide = (2 * box[0] - box[1], 2 * box[1] - box[0], 2 * box[2] - box[3], 2 * box[3] - box[2])
        kinks = kink_lines(found.network, frame, wide)  # beyond the box: the page may show more of the plane
    outline = hyperbox_outline(view.points, frame)
    outline = np.zeros((0, 2)) if outline is None else outline
    return Picture(view, frame, box, found, None, at[: len(move)], move, kinks, None, outline)


def with_rest(picture: Picture) -> Picture:
    """The picture with all rest points, unless there are too many regions to search."""
    if picture.known is None or picture.known.network is None:
        return picture
    try:
        found = rest_points(picture.known.network, picture.view.points, max_regions=MOST_REGIONS)
    except ValueError:
        return replace(picture, note=UNSEARCHED)
    return replace(picture, rest=tuple(found))


def with_ways(picture: Picture, *, first: bool = False, check: Callable[[], None] = lambda: None) -> Picture:
    """The picture with flows that need no program: score flows, and probability flows of a closed form.

    Parameters
    ----------
    picture : Picture
    first : bool
        Whether a probability flow along a few levels will do for now.
    check : callable
        Called again and again while a probability flow is followed; what it raises ends that.
    """
    if picture.known is None or picture.known.network is None:
        return picture
    view, frame = picture.view, picture.frame
    try:
        if view.flow == "score":
            return replace(picture, ways=score_ways(view, frame, picture.known.network))
        family = closed_family(view, check)
        if family is not None:
            return replace(picture, ways=probability_ways(view, frame, family, first=first))
    except NoFlowError as reason:
        return replace(picture, note=str(reason))
    return picture


def basins_of(picture: Picture) -> Basins | None:
    """Which limit of the score flow each cell of the picture goes to; None where there is no network."""
    if picture.known is None or picture.known.network is None:
        return None
    return basins(picture.known.network, picture.frame.points(grid(picture.box, CELLS)))
