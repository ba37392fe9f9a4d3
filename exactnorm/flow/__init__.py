"""Score flow and probability flow of a denoiser: trajectories, where they end, and their closed forms."""

from exactnorm.flow.endpoints import Endpoints, Share, endpoints, wilson
from exactnorm.flow.family import Family
from exactnorm.flow.hyperbox.closed import (
    band_exit_time,
    box_time,
    closed_probability_flow,
    closed_score_flow,
    vertex_radius,
)
from exactnorm.flow.hyperbox.lines import Lines, orthogonal_lines
from exactnorm.flow.methods import Ivp, Pieces
from exactnorm.flow.noise_radius import radius
from exactnorm.flow.probability.methods import Closed, Levels
from exactnorm.flow.probability.probability_flow import probability_flow
from exactnorm.flow.probability.samplers import sample, sampler_levels
from exactnorm.flow.record import Events, Flow
from exactnorm.flow.rest.rest_points import RestPoint, rest_points
from exactnorm.flow.schedule import (
    SCHEDULES,
    Schedule,
    cosine,
    edm,
    named_schedule,
    variance_exploding,
    variance_preserving,
)
from exactnorm.flow.schedule_table import schedule_from_arrays, schedule_of
from exactnorm.flow.score.basins import Basins, basins
from exactnorm.flow.score.score_flow import score_flow

__all__ = [
    "SCHEDULES",
    "Basins",
    "Closed",
    "Endpoints",
    "Events",
    "Family",
    "Flow",
    "Ivp",
    "Levels",
    "Lines",
    "Pieces",
    "RestPoint",
    "Schedule",
    "Share",
    "band_exit_time",
    "basins",
    "box_time",
    "closed_probability_flow",
    "closed_score_flow",
    "cosine",
    "edm",
    "endpoints",
    "named_schedule",
    "orthogonal_lines",
    "probability_flow",
    "radius",
    "rest_points",
    "sample",
    "sampler_levels",
    "schedule_from_arrays",
    "schedule_of",
    "score_flow",
    "variance_exploding",
    "variance_preserving",
    "vertex_radius",
    "wilson",
]
