"""`exactnorm flow`: many starts, and where they end."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from exactnorm import CertifiedDenoiser, DenoiserPath, InfeasibleProblem, ReLUNetwork, interrupts, save
from exactnorm.arrays import Array
from exactnorm.certify import interpolation_error
from exactnorm.cli import read, schedules
from exactnorm.cli.flow_options import FLOWS, STAND_INS, Asked, asked
from exactnorm.cli.help_text import formatter, wrapped
from exactnorm.cli.numbers import number, whole
from exactnorm.cli.solve import SOLVING
from exactnorm.cli.streams import BadInput, say, show, show_json
from exactnorm.flow import Flow, Lines, endpoints, orthogonal_lines, probability_flow, score_flow
from exactnorm.flow.probability.methods import Method
from exactnorm.flow.schedule import checked_level
from exactnorm.tables import limit
from exactnorm.training_set import TrainingSet

EXAMPLES = """\
examples:
  exactnorm flow acute --flow score --plot trajectories.png
  exactnorm flow orthonormal --flow probability --alpha 0.1 --T 4 --json
  exactnorm flow points.csv --flow score --rho 0.1 --horizon 3 --starts 1000
  exactnorm flow denoiser.npz --flow score
  exactnorm flow trained.npz --flow score --points points.csv
  exactnorm flow acute --flow probability --alpha 0.1 --T 1 --out path
  exactnorm flow path --flow probability --alpha 0.1 --T 0.7 --schedule 't**2'

starts are drawn from mean + S·N(0, I). exit status 1 if a trajectory did not reach its end, or if the denoisers' \
relative gap, which --json tells, is above 1e-6; 130 if Ctrl-C ended their solving.
"""
LOOKING = 0.2
"""Share of the time limit that the largest radius may take."""
TOLERANCE = 1e-6
"""Relative gap up to which a denoiser is the minimum-norm one."""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "flow",
        help="follow score or probability flow from many starts",
        description=wrapped(
            "Follow the score flow or the probability flow of DATA's denoisers, and say where it ends."
        ),
        epilog=wrapped(EXAMPLES),
        formatter_class=formatter,
    )
    read.add_data(command, "; or what was saved: a denoiser or a network (.npz), a folder of denoisers")
    command.add_argument("--flow", choices=FLOWS, required=True, help="which flow")
    score = command.add_argument_group("score flow")
    read.add_radius_options(score)
    score.add_argument("--horizon", type=number, metavar="U", help="flow time (default: the limit)")
    probability = command.add_argument_group("probability flow")
    probability.add_argument("--alpha", type=number, metavar="A", help="noise radius per unit of noise, rho = A·sigma")
    probability.add_argument("--T", type=number, metavar="T", help="start, in the schedule's own time")
    probability.add_argument(
        "--schedule",
        metavar="S",
        help="noise schedule: ve (the default), edm, vp or cosine; vp(0.1,20) or cosine(0.008) with other constants; "
        "sigma as a formula in t, 'sqrt(t)'; or a table of t, sigma and scale (.csv)",
    )
    probability.add_argument("--scale", metavar="F", help="with a formula: the scale s_t, another one (default 1)")
    probability.add_argument("--high-noise", choices=STAND_INS, help="what stands in where balls overlap")
    probability.add_argument(
        "--levels",
        type=whole,
        metavar="L",
        help="noise radii to solve for where there is no closed form (default 9); more of them lower the error",
    )
    probability.add_argument("--out", metavar="DIR", help="save what was solved for; DIR then stands for DATA")
    command.add_argument("--points", metavar="DATA", help="the points that a network saved alone was trained on")
    command.add_argument("--solver", metavar="S", help="semidefinite solver (default CLARABEL)")
    command.add_argument("--time-limit", type=number, metavar="SECONDS", help="follow what is solved for by then")
    command.add_argument("--starts", type=whole, default=500, metavar="M", help="number of starts (default 500)")
    command.add_argument(
        "--start-scale",
        type=number,
        metavar="S",
        help="spread of the starts (default: sigma_T for probability flow, the points' RMS radius for score flow)",
    )
    command.add_argument("--seed", type=whole, default=0, metavar="N", help="of the random starts (default 0)")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    command.add_argument("--plot", metavar="FILE", help="draw trajectories, in the plane over the field")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Follow, classify, print, draw."""
    given = asked(arguments)
    interrupts.load(*SOLVING)
    try:
        followed = (score if arguments.flow == "score" else probability)(arguments, given)
        if followed is None:
            return 130
        flow, parameters = followed.flow, followed.parameters
        ends = endpoints(flow, followed.train, followed.near)
        if arguments.plot is not None:
            from exactnorm.cli.pictures import write_flow

            title = f"{arguments.flow} flow of {arguments.data}"
            write_flow(arguments.plot, flow, followed.train, ends, followed.denoiser, title)
    except (BadInput, InfeasibleProblem):
        raise
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake
    from exactnorm import report

    if arguments.json:
        show_json(report.flow_record(flow, ends, parameters) | {"error": flow.error, "box_reached": box_reached(flow)})
    else:
        show(report.flow_table(flow, ends, parameters))
        if (reached := box_reached(flow)) is not None:
            half = f"half of them by u={reached['median_time']:.3g}"
            show(f"{reached['starts']} came to the boundary of the hyperbox, {half}")
    return 0 if flow.complete and not followed.wide else 1


@dataclass(frozen=True)
class Followed:
    """A flow, what it followed, and what was asked for."""

    train: TrainingSet
    flow: Flow
    parameters: dict[str, Any]
    denoiser: CertifiedDenoiser | ReLUNetwork | None = None

    @property
    def wide(self) -> bool:
        """Whether the denoisers' gap is wider than what counts as solved; a trained network has none."""
        return self.parameters["gap"] is not None and bool(self.parameters["gap"] > TOLERANCE)

    @property
    def near(self) -> float | None:
        """How near counts as being there: for a trained network the radius of its balls, as in `exactnorm.compare`."""
        if not isinstance(self.denoiser, ReLUNetwork):
            return None
        return self.train.rho or 0.1 * self.train.separation


def score(arguments: argparse.Namespace, given: Asked) -> Followed | None:
    """Score flow of a saved denoiser or the minimum-norm one; None if Ctrl-C ended its solving."""
    train = given.train
    horizon = math.inf if arguments.horizon is None else arguments.horizon
    mean = train.points.mean(axis=0)
    radius = math.sqrt(float(np.mean(np.sum((train.points - mean) ** 2, axis=1))))
    scale = radius if arguments.start_scale is None else arguments.start_scale
    denoiser = followable(given, arguments)
    if denoiser is None:
        return None
    gap = denoiser.certificate.gap if isinstance(denoiser, CertifiedDenoiser) else None
    first, box = draw(arguments, mean, scale), hyperbox(train.points)
    flow = score_flow(denoiser, first, horizon, box=box)
    parameters = {"flow": "score", "rho": train.rho, "gap": gap, "horizon": horizon, **starts(arguments, scale)}
    return Followed(train, flow, parameters, denoiser)


def followable(given: Asked, arguments: argparse.Namespace) -> CertifiedDenoiser | ReLUNetwork | None:
    """The denoiser to follow, and on stderr what is to be known of it; None if Ctrl-C ended its solving."""
    from exactnorm import min_norm_denoiser

    if isinstance(given.known, ReLUNetwork):
        error = interpolation_error(given.known, given.train.points, given.train.rho)
        at = f"balls of radius {given.train.rho:g}" if given.train.rho > 0 else "points"
        say(f"a network without a certificate: it misses the {at} by up to {error:.2g}; `exactnorm compare` says more")
        return given.known
    saved = given.known if isinstance(given.known, CertifiedDenoiser) else None
    denoiser = min_norm_denoiser(given.train, progress=True, **means(arguments)) if saved is None else saved
    gap = denoiser.certificate.gap
    if saved is None and denoiser.interrupted:
        say(f"interrupted: the denoiser's relative gap is still {gap:.1e}, so no flow was followed")
        return None
    if gap > TOLERANCE:
        say(f"note: the denoiser's relative gap is {gap:.1e}")
    return denoiser


def probability(arguments: argparse.Namespace, given: Asked) -> Followed | None:
    """Probability flow of the family of denoisers ρ = ασ; None if Ctrl-C ended their solving."""
    known = given.known if isinstance(given.known, DenoiserPath) else None
    train, points = given.train, given.train.points
    schedule = schedules.schedule(arguments.schedule or "ve", arguments.scale, arguments.T)
    top = checked_level(schedule, arguments.T)
    scale = top if arguments.start_scale is None else arguments.start_scale
    start = schedule.scale(arguments.T) * draw(arguments, points.mean(axis=0), scale)
    path = family(points, arguments.alpha * top, arguments) if known is None else known
    if known is None and isinstance(path, DenoiserPath) and path.interrupted:
        return None

    def follow(method: Method, box: Lines | None) -> Flow:
        return probability_flow(
            path,
            start,
            schedule,
            alpha=arguments.alpha,
            T=arguments.T,
            high_noise=arguments.high_noise,
            train=points,
            method=method,
            box=box,
        )

    box = hyperbox(points)
    flow = follow("pieces", box)
    if not isinstance(path, DenoiserPath):
        # Kinks of a closed form move at all noise levels, which frozen pieces only approximate: they tell the events.
        flow = replace(follow("ivp" if box is None else "closed", None), events=flow.events)
    parameters = {"flow": "probability", "alpha": arguments.alpha, "T": arguments.T, "schedule": schedule.name}
    if arguments.high_noise is not None:
        parameters["high_noise"] = arguments.high_noise
    parameters |= {"gap": path.gap if isinstance(path, DenoiserPath) else 0.0}  # closed forms are proved minimal
    parameters |= {"sigma_T": top, "horizon": flow.horizon, **starts(arguments, scale)}
    return Followed(train, flow, parameters)


def family(points: Array, top: float, arguments: argparse.Namespace) -> Callable[[float], Any]:
    """ρ ↦ denoiser up to radius `top`: a closed form proved minimal up to there, else denoisers on a grid of radii."""
    from exactnorm import max_radius
    from exactnorm.closed_form import recognise

    begun = time.monotonic()
    widest = TrainingSet(points).separation / 2
    known = recognise(points, min(top, 0.98 * widest))
    if not known.minimal:
        say("looking for the largest noise radius …")
        within = None if arguments.time_limit is None else LOOKING * arguments.time_limit
        largest = max_radius(points, time_limit=within)
        if largest.interrupted:
            raise KeyboardInterrupt
        widest = largest.upper  # where that is not found out, `lower` is any radius with a network
    # Floats do not tell balls apart that all but touch.
    if top > (1 - 1e-6) * widest and arguments.high_noise is None:
        msg = (
            f"at T the balls have radius alpha·sigma_T={top:g}, and they may have {limit((1 - 1e-6) * widest)} at "
            "most: use a smaller --T or --alpha, or choose a stand-in with --high-noise"
        )
        raise BadInput(msg)
    if known.form is not None and known.minimal:
        for option in (name for name in ("levels", "out") if getattr(arguments, name) is not None):
            msg = f"--{option}: these points have a closed form at these radii, so no grid of them is solved"
            raise BadInput(msg)
        build = known.form.build
        return lambda rho: build(points, rho)
    count = 9 if arguments.levels is None else arguments.levels
    say(f"solving for denoisers at {count} noise radii …")
    top = top if arguments.high_noise is None else min(top, 0.98 * widest)
    radii = np.linspace(1e-4 * top ** (1 / 3), top ** (1 / 3), count) ** 3  # even where kinks move alike
    path = DenoiserPath(points, radii, progress=True, **means(arguments, time.monotonic() - begun))
    if path.interrupted:
        done = f"{len(path.radii)} of {count} denoisers, of a relative gap up to {path.gap:.1e}"
        say(f"interrupted: there are {done}, so no flow was followed")
    else:
        say(f"the widest relative gap among them is {path.gap:.1e}")
    if arguments.out is not None:
        save(arguments.out, path)
        say(f"wrote {arguments.out}")
    return path


def means(arguments: argparse.Namespace, spent: float = 0.0) -> dict[str, Any]:
    """The solver, and what is left of the time limit."""
    limit = arguments.time_limit
    left = None if limit is None else max(limit - spent, (1 - LOOKING) * limit)
    return {"solver": arguments.solver or "CLARABEL", "time_limit": left}


def hyperbox(points: Array) -> Lines | None:
    """The lines on which the points lie, if they are orthogonal and so span a hyperbox."""
    try:
        return orthogonal_lines(points)
    except ValueError:
        return None


def box_reached(flow: Flow) -> dict[str, Any] | None:
    """How many starts came to within a thousandth of the smallest gap of the hyperbox's boundary, and when."""
    box = flow.events.of("box")
    return {"starts": len(box), "median_time": float(np.median(box.time))} if len(box) else None


def draw(arguments: argparse.Namespace, mean: Array, scale: float) -> Array:
    """Starts mean + S·N(0, I), one a row."""
    noise = np.random.default_rng(arguments.seed).standard_normal((arguments.starts, len(mean)))
    return mean + scale * noise


def starts(arguments: argparse.Namespace, scale: float) -> dict[str, Any]:
    """What a record says of the starts."""
    return {"starts": arguments.starts, "start_scale": scale, "seed": arguments.seed}
