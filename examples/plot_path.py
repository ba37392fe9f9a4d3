r"""
A path of denoisers over noise levels
=====================================

The least cost against the noise radius, for a scalene acute triangle: 4 in the limit of small balls (proved), and
without bound as the balls close the room between them. Every point is a certified bracket; here its two ends lie on
each other.
"""

import numpy as np
from matplotlib import pyplot as plt

import exactnorm
from exactnorm import problems

points = problems.acute().train.points
path = exactnorm.DenoiserPath(points, np.geomspace(1e-3, 0.3, 9))
upper = [denoiser.certificate.upper for denoiser in path.denoisers]
lower = [denoiser.certificate.lower for denoiser in path.denoisers]

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.loglog(path.radii, upper, "v-", color="#D55E00", label="cost of the network")
axes.loglog(path.radii, lower, "^", color="#0072B2", label="lower bound")
axes.axhline(4, color="#777777", ls=":", label="limit of small balls")
axes.set(xlabel=r"noise radius $\rho$", ylabel="representation cost", yticks=[4, 5, 6, 8, 10, 12])
axes.yaxis.set_major_formatter("{x:g}")
axes.yaxis.set_minor_formatter("")
axes.legend()

assert np.all(np.diff(lower) > 0)
assert abs(upper[0] - 4) < 0.02
assert all(low <= high * (1 + 1e-12) for low, high in zip(lower, upper, strict=True))

plt.show()
