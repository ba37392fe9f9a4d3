r"""
A certificate and what it shows
===============================

A lower bound rests on matrices :math:`B_n`: every network that interpolates the balls costs at least :math:`\sum_n
\langle B_n, T_n\rangle / \kappa`, where :math:`\kappa` bounds :math:`\|B_s(w, b)\|` over all kinks that miss the
balls (proved). Here is that function over all directions of :math:`w` in the plane. At the optimum the kinks of the
network are where it touches 1; where the curve is missing no line of that direction separates the balls.
"""

from matplotlib import pyplot as plt

import exactnorm
from exactnorm import plot, problems
from exactnorm.certify import dual_profile

denoiser = exactnorm.min_norm_denoiser(problems.acute().train)
axes = plot.dual_function(dual_profile(denoiser))
axes.set_title(f"certified: {denoiser.certificate.lower:.5f} ≤ least cost")

lower, upper, error = exactnorm.check_certificate(denoiser.certificate, denoiser.train, denoiser.network)
assert (upper - lower) / upper < 1e-6
assert error < 1e-12

plt.show()
