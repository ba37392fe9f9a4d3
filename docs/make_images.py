"""Draws what docs/images holds: `python docs/make_images.py`."""

import runpy
from pathlib import Path

import matplotlib
from matplotlib import pyplot as plt

import exactnorm
from exactnorm import plot
from exactnorm.cli import main

IMAGES = Path(__file__).parent / "images"
EXAMPLES = IMAGES.parents[1] / "examples"


def draw():
    """The pictures of the demo, the quickstart, the front page and thirty digits, and the film of the gallery."""
    matplotlib.use("agg")  # examples open windows where they can
    main(["demo", "--out", str(IMAGES / "demo.png")])
    denoiser = exactnorm.min_norm_denoiser([[0, 0], [1, 0], [0.4, 0.9]], rho=0.1)
    flow = exactnorm.score_flow(denoiser, [[0.3, 0.3], [0.8, 0.1], [0.4, 2.0]], horizon=float("inf"))
    rest = exactnorm.rest_points(denoiser)
    plot.portrait(denoiser, flow, rest=rest).figure.savefig(IMAGES / "portrait.png", dpi=120)
    runpy.run_path(str(EXAMPLES / "plot_question.py"))
    plt.savefig(IMAGES / "question.png", dpi=150)
    runpy.run_path(str(EXAMPLES / "plot_thirty_digits.py"))
    plt.savefig(IMAGES / "thirty-digits.png", dpi=120)
    names = runpy.run_path(str(EXAMPLES / "plot_animation.py"))
    names["animation"].save(IMAGES / "flow.gif", writer="pillow", dpi=70)


if __name__ == "__main__":
    draw()
