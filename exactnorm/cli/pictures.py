"""The pictures of `--plot`."""

from __future__ import annotations

import math

import numpy as np

from exactnorm import ReLUNetwork, plot
from exactnorm.certify import CertifiedDenoiser
from exactnorm.cli.streams import say
from exactnorm.comparison import Comparison
from exactnorm.flow import Endpoints, Flow, RestPoint, endpoints, rest_points, score_flow
from exactnorm.network import network_of
from exactnorm.training_set import TrainingSet

MOST_KINKS = 50
"""Neurons beyond which rest points, one look for every region between the kinks, are left out of a picture."""
STARTS = 100


def write_denoiser(file: str, denoiser: CertifiedDenoiser, title: str) -> None:
    """A denoiser's graph on a line, its field in the plane, and where it carries noise in more dimensions."""
    train = denoiser.train
    figure = plot.figure(7, 5)
    axes = figure.add_subplot()
    if train.dimension == 1:
        plot.line(denoiser, axes)
    elif train.dimension == 2:
        plot.portrait(denoiser, axes=axes, rest=at_rest(denoiser, train))
    else:
        spread = np.random.default_rng(0).standard_normal((STARTS, train.dimension))
        scale = math.sqrt(float(np.mean(np.sum((train.points - train.points.mean(axis=0)) ** 2, axis=1))))
        flow = score_flow(denoiser, train.points.mean(axis=0) + scale * spread / math.sqrt(train.dimension), math.inf)
        plot.trajectories(flow, train, axes, ends=endpoints(flow, train))
        say(f"{file}: {train.dimension} dimensions are drawn as score flows from {STARTS} starts, in two coordinates")
    axes.set_title(title)
    figure.savefig(file, dpi=150)
    say(f"wrote {file}")


def write_comparison(file: str, found: Comparison, title: str) -> None:
    """The trained network's graph on a line, in the plane its field with its flows, elsewhere its flows alone."""
    figure = plot.figure(7, 5)
    axes = figure.add_subplot()
    if found.train.dimension == 1:
        plot.line(found, axes)
    else:
        flow = score_flow(found.network, found.starts[:STARTS], math.inf)
        ends = endpoints(flow, found.train, found.near)
        if found.train.dimension == 2:
            plot.portrait(found, flow, axes, ends=ends, rest=at_rest(found.network, found.train))
        else:
            plot.trajectories(flow, found.train, axes, ends=ends)
    axes.set_title(title)
    figure.savefig(file, dpi=150)
    say(f"wrote {file}")


def write_flow(
    file: str,
    flow: Flow,
    train: TrainingSet,
    ends: Endpoints,
    denoiser: CertifiedDenoiser | ReLUNetwork | None,
    title: str,
) -> None:
    """Trajectories, in the plane over the field of the one denoiser that they follow."""
    say("following trajectories once more for the picture …")
    figure = plot.figure(7, 5)
    axes = figure.add_subplot()
    if denoiser is not None and train.dimension == 2:
        plot.portrait(denoiser, flow, axes, ends=ends, rest=at_rest(denoiser, train), train=train)
    else:
        plot.trajectories(flow, train, axes, ends=ends)
    axes.set_title(title)
    figure.savefig(file, dpi=150)
    say(f"wrote {file}")


def at_rest(denoiser: CertifiedDenoiser | ReLUNetwork, train: TrainingSet) -> list[RestPoint]:
    """The rest points to draw; none where there are very many regions to look at."""
    return rest_points(denoiser, train) if network_of(denoiser).neurons <= MOST_KINKS else []
