"""`exactnorm demo`: a triangle and a set of digits, in plain words and one picture."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import numpy as np

from exactnorm import problems
from exactnorm.cli.solve import writable_folder
from exactnorm.cli.streams import BadInput, say, show
from exactnorm.training_set import Array

EXAMPLES = """\
examples:
  exactnorm demo
  exactnorm demo --out picture.png
"""
NOISE = 1.5
"""Standard deviation of the noise on the digits, in grey levels."""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "demo",
        help="solve a triangle and a set of digits, and draw them",
        description="Solve an acute triangle and five handwritten digits, say what came out, and write one picture.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--out", default="exactnorm-demo.png", metavar="FILE", help="picture (default %(default)s)")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Solve both, tell, draw."""
    writable_folder(arguments.out)
    try:
        from exactnorm.cli import demo_picture
    except ImportError as missing:
        raise BadInput(str(missing)) from missing
    from exactnorm import min_norm_denoiser, report

    told = []
    for title, problem in (
        ("An acute triangle", problems.acute()),
        ("Five handwritten digits, 64 grey levels each", problems.digits5()),
    ):
        say(f"solving: {title.lower()} …")
        start = time.perf_counter()
        denoiser = min_norm_denoiser(problem.train, progress=sys.stderr.isatty())
        show(report.solution(denoiser, time.perf_counter() - start, title))
        told.append(denoiser)
    triangle, digits = told
    clean = digits.train.points
    noisy = clean + NOISE * np.random.default_rng(0).standard_normal(clean.shape)
    show(
        report.prose(
            f"Noise of standard deviation {NOISE} grey levels moved the digits {spread(noisy - clean)} away from their "
            f"clean images (Euclidean distance; rho is {digits.train.rho:g}); the denoised images are "
            f"{spread(digits(noisy) - clean)} away from them."
        )
    )
    try:
        demo_picture.write(arguments.out, triangle, digits, noisy)
    except (ValueError, OSError) as mistake:
        raise BadInput(f"--out {arguments.out}: {mistake}") from mistake  # noqa: EM102
    show(f"The picture is in {arguments.out}.")
    return 0


def spread(differences: Array) -> str:
    """Smallest and largest norm of the rows, in words."""
    norms = np.linalg.norm(differences, axis=1)
    return f"{norms.min():.2f} to {norms.max():.2f}"
