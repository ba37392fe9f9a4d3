"""Drawings: each function takes and returns a matplotlib Axes, and draws what it is given.

Needs matplotlib: ``pip install 'exactnorm[plot]'``. Colours are from the palette of Okabe and Ito, which colour-blind
readers can tell apart. Without an Axes each function makes a figure of a size that suits it.
"""

from exactnorm.plot.brackets import bracket, dual_function
from exactnorm.plot.canvas import figure
from exactnorm.plot.denoisers import field, images, line
from exactnorm.plot.experiments import experiment
from exactnorm.plot.flows import basins, portrait, rest_points, shares
from exactnorm.plot.neighbours import attribution
from exactnorm.plot.paths import trajectories

__all__ = [
    "attribution",
    "basins",
    "bracket",
    "dual_function",
    "experiment",
    "field",
    "figure",
    "images",
    "line",
    "portrait",
    "rest_points",
    "shares",
    "trajectories",
]
