r"""
One dimension: ramps between balls
==================================

On a line the minimum-norm denoiser is constant on every noise ball and linear in between: a ramp from the end of one
ball to the start of the next. A gap :math:`\Delta` costs :math:`2\Delta/(\Delta-2\rho)` (proved).
"""

from matplotlib import pyplot as plt

import exactnorm
from exactnorm import plot

points, rho = [[0.0], [1.0], [2.5]], 0.1
denoiser = exactnorm.min_norm_denoiser(points, rho)
axes = plot.line(denoiser)
axes.set_title(f"cost {denoiser.certificate.upper:.4f}, bound {denoiser.certificate.lower:.4f}")

cost = sum(2 * gap / (gap - 2 * rho) for gap in (1.0, 1.5))
assert abs(denoiser.certificate.upper - cost) < 1e-9 * cost

plt.show()
