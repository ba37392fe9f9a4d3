"""How long the explorer takes for an update, and what a thousand drags leave behind: `python benchmarks/explorer.py`.

Processor time of what the server does for one place of a dragged point: the picture by formulas, flows, columns. Points
on two one-sided rays have a closed form; Gaussian points have none, and the program is solved for them at the drop.
"""

import sys
import time

import numpy as np
from bokeh.document import Document

from exactnorm import TrainingSet, min_norm_denoiser, problems
from exactnorm.explorer import columns
from exactnorm.explorer.glimpse import with_glimpse
from exactnorm.explorer.page.window import Window
from exactnorm.explorer.picture import at_once
from exactnorm.explorer.view import View, of_problem

DRAGS, SOLVES = 100, 8


def on_rays(size):
    """Points on two rays at an angle of 1.9 radians, a quarter of whose gaps the radius takes."""
    steps = np.arange(1, size)
    away = np.where((steps % 2 == 1)[:, None], [1.0, 0.0], [np.cos(1.9), np.sin(1.9)]) * ((steps + 1) // 2)[:, None]
    return np.vstack([np.zeros(2), away]), 0.12


def update(points, rho, flow="score"):
    """One place of a drag, with its flows."""
    columns.layers(picture := with_glimpse(at_once(View(points, rho, flow))))
    columns.readout(picture)


def seconds(act, *given):
    """Processor time."""
    begun = time.process_time()
    act(*given)
    return time.process_time() - begun


def told(name, times):
    """Median and 95 % point in milliseconds."""
    median, most = 1e3 * np.quantile(times, [0.5, 0.95])
    print(f"{name:34s} median {median:8.1f} ms, 95 % {most:8.1f} ms")


def latencies():
    """Both kinds of update for 3, 5 and 8 points."""
    rng = np.random.default_rng(0)
    for size in (3, 5, 8):
        points, rho = on_rays(size)
        update(points, rho)
        stretched = [points * (1 + 0.2 * rng.random(2).max()) for _ in range(DRAGS)]
        for flow in ("score", "probability"):
            told(f"{size} points, closed form, {flow}", [seconds(update, one, rho, flow) for one in stretched])
        sets = [problems.gaussian(size, 2, seed).train for seed in range(SOLVES)]
        moved = [
            (one.points + 0.02 * rng.standard_normal(one.points.shape), one.rho) for one in sets for _ in range(12)
        ]
        for flow in ("score", "probability"):
            told(f"{size} points, formulas, {flow}", [seconds(update, *one, flow) for one in moved])
        solve = [
            seconds(lambda one: min_norm_denoiser(TrainingSet(one.points, one.rho), method="program"), one)
            for one in sets
        ]
        told(f"{size} points, program", solve)


def resident():
    """Megabytes of this process."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20


def memory(drags=1000):
    """What this process holds before and after so many places of a drag, in steps."""
    window = Window(Document(), of_problem("orthogonal"))
    window.close()
    window.solver.ask = lambda *_: 0  # the page's own process is measured
    points = window.view.points.copy()
    held = []
    for n in range(drags + 1):
        points[1] = 1 + 0.2 * np.sin(n / 9), 0.1 * np.cos(n / 7)
        window.drag.data = {"x": [points[:, 0].copy()], "y": [points[:, 1].copy()], "count": [n]}
        if n % (drags // 5) == 0:
            held.append(f"{n}: {resident():.1f}")
    print("resident megabytes after so many drags:", ", ".join(held))


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    memory()
    latencies()
