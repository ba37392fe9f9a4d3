"""`exactnorm demo`: a triangle and a set of digits, in plain words and one picture."""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from exactnorm import interrupts, problems
from exactnorm.arrays import Array
from exactnorm.certify import CertifiedDenoiser
from exactnorm.cli.help_text import formatter, wrapped
from exactnorm.cli.misuse import misused
from exactnorm.cli.outputs import picture
from exactnorm.cli.solve import SOLVING
from exactnorm.cli.streams import BadInput, refuse, say, show, show_json, told

EXAMPLES = """\
examples:
  exactnorm demo
  exactnorm demo --out picture.png
  exactnorm demo --json
"""
NOISE = 1.5
"""Standard deviation of the noise on the digits, in grey levels."""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "demo",
        help="solve a triangle and a set of digits, and draw them",
        description=wrapped(
            "Solve an acute triangle and five handwritten digits, say what came out, and write one picture."
        ),
        epilog=wrapped(EXAMPLES),
        formatter_class=formatter,
    )
    command.add_argument("--out", default="exactnorm-demo.png", metavar="FILE", help="picture (default %(default)s)")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Solve both, tell, draw."""
    found = misused(arguments)
    refuse(found + (told(picture, arguments.out, "--out") if arguments.out is not None else []))
    try:
        interrupts.load("exactnorm.plot", *SOLVING)
        from exactnorm.cli import demo_picture
    except ImportError as missing:
        raise BadInput(str(missing)) from missing
    from exactnorm import min_norm_denoiser, report

    solved, records = [], []
    for title, problem in (
        ("An acute triangle", problems.acute()),
        ("Five handwritten digits, 64 grey levels each", problems.digits5()),
    ):
        say(f"solving: {title.lower()} …")
        start = time.perf_counter()
        denoiser = min_norm_denoiser(problem.train, progress=True)
        seconds = time.perf_counter() - start
        records.append({"title": title, **report.solution_record(denoiser, seconds)})
        solved.append(denoiser)
        if not arguments.json:
            show(report.solution(denoiser, seconds, title))
    triangle, digits = solved
    clean = digits.train.points
    noisy = clean + NOISE * np.random.default_rng(0).standard_normal(clean.shape)
    figures, text = denoised(digits, noisy)
    try:
        demo_picture.write(arguments.out, triangle, digits, noisy)
    except (ValueError, OSError) as mistake:
        raise BadInput(f"--out {arguments.out}: {mistake}") from mistake  # noqa: EM102
    if arguments.json:
        show_json({"solved": records, "noise": NOISE, **figures, "picture": arguments.out})
        return 0
    show(report.prose(text))
    show(f"The picture is in {arguments.out}.")
    return 0


def denoised(digits: CertifiedDenoiser, noisy: Array) -> tuple[dict[str, Any], str]:
    """How far the noise moved the digits, how far off the denoised ones are, and that in words."""
    clean, rho = digits.train.points, digits.train.rho
    noise = noisy - clean
    length = np.linalg.norm(noise, axis=1, keepdims=True)
    moved, left = spread(noise), spread(digits(noisy) - clean)
    exact = spread(digits(clean + rho * noise / length) - clean)[1]
    text = (
        f"Noise of standard deviation {NOISE} grey levels moved the digits {between(moved)} away from their "
        f"clean images (Euclidean distance); the denoised images are {between(left)} away from them. They differ "
        f"because the noise moved {int((length > rho).sum())} of {len(clean)} out of the noise balls, whose radius rho "
        f"is {rho:g}: only within them is the clean image promised. With the same noise scaled down to rho it comes "
        f"back to within {exact:.0e}."
    )
    return {"moved": moved, "left": left, "inside": exact}, text


def spread(differences: Array) -> list[float]:
    """Smallest and largest norm of the rows."""
    norms = np.linalg.norm(differences, axis=1)
    return [float(norms.min()), float(norms.max())]


def between(ends: list[float]) -> str:
    """An interval in words."""
    return f"{ends[0]:.2f} to {ends[1]:.2f}"
