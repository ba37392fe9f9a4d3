"""What is taken away from a window: points, the denoiser with its certificate, the Python that gives the same."""

from __future__ import annotations

import tempfile
from pathlib import Path

from exactnorm import save
from exactnorm.explorer.flows import RADII, TOL, NoFlowError, closed_family
from exactnorm.explorer.picture import MOST_REGIONS, Picture
from exactnorm.explorer.script import script

Taken = tuple[str, str, bytes]
"""A file's name, what it is, and what is in it."""


def points_csv(picture: Picture) -> Taken:
    """The points to the last digit, one a line."""
    rows = "".join(",".join(map(repr, row)) + "\n" for row in picture.view.points.tolist())
    return "points.csv", "text/csv", rows.encode()


def python(picture: Picture, *, given: bool = False) -> Taken:
    """A script that computes what is shown, from the saved denoiser where that was `given` to the explorer."""
    starts = picture.frame.points(picture.view.clicked).tolist()
    feasible = picture.obstacle is None
    text = script(
        picture.view,
        starts,
        feasible=feasible,
        regions=MOST_REGIONS,
        radii=RADII,
        tol=TOL,
        unfollowed=_why_no_flow(picture),
        given=given,
    )
    return "explored.py", "text/x-python", text.encode()


def _why_no_flow(picture: Picture) -> str:
    """Why no flow of the view is followed, whether or not a program has answered; empty where one is."""
    try:
        if picture.view.flow == "probability":
            closed_family(picture.view)
    except NoFlowError as reason:
        return str(reason)
    return ""


def denoiser_npz(picture: Picture) -> Taken | None:
    """The denoiser as `exactnorm check` reads it; None where there is none with a certificate as yet."""
    found = None if picture.known is None else picture.known.denoiser
    if found is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "denoiser.npz"
        save(file, found)
        return "denoiser.npz", "application/octet-stream", file.read_bytes()
