"""Draws what docs/images holds: `python docs/make_images.py`."""

import runpy
from pathlib import Path

from matplotlib import pyplot as plt

from exactnorm.cli import main

IMAGES = Path(__file__).parent / "images"
EXAMPLES = IMAGES.parents[1] / "examples"


def draw():
    """The demo's picture, the front page's, and the film of the gallery."""
    main(["demo", "--out", str(IMAGES / "demo.png")])
    runpy.run_path(str(EXAMPLES / "plot_question.py"))
    plt.savefig(IMAGES / "question.png", dpi=150)
    names = runpy.run_path(str(EXAMPLES / "plot_animation.py"))
    names["animation"].save(IMAGES / "flow.gif", writer="pillow", dpi=70)


if __name__ == "__main__":
    draw()
