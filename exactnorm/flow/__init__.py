"""Score flow and probability flow of a denoiser: trajectories, where they end, and their closed forms."""

from exactnorm.flow.record import Events, Flow
from exactnorm.flow.score import score_flow

__all__ = ["Events", "Flow", "score_flow"]
