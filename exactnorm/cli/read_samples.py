"""Reading noisy samples: a .npy, .npz or text file. Every failure is a `BadInput` of one sentence."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from exactnorm.cli import read
from exactnorm.cli.numbers import number
from exactnorm.cli.read_arrays import samples
from exactnorm.cli.streams import BadInput
from exactnorm.training_set import TrainingSet

FORMATS = """\
noisy samples in FILE, in place of noise balls:
  .npy   one array (N, M, d), M samples of each point
  .npz   one array (M_n, d) for each point, in the points' order, as numpy.savez(FILE, *arrays) writes them
  .csv   one sample a line: the row of its point in DATA, counted from 0, then its d coordinates
"""


def add_options(command: Any) -> None:
    """Add --samples-file and --weight-decay."""
    command.add_argument("--samples-file", metavar="FILE", help="noisy samples of the points, in place of a radius")
    command.add_argument(
        "--weight-decay", type=number, metavar="L", help="with --samples-file: penalise with L, do not interpolate"
    )


def training_set(arguments: argparse.Namespace) -> TrainingSet:
    """The points of DATA with the samples of --samples-file."""
    points = read.training_points(arguments)
    try:
        return TrainingSet.from_samples(points, samples(Path(arguments.samples_file), len(points)))
    except BadInput:
        raise
    except ValueError as mistake:
        raise BadInput(str(mistake)) from mistake
