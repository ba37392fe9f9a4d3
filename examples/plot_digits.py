r"""
Handwritten digits
==================

Five 8×8 digits are five points in :math:`\mathbb{R}^{64}` of affine rank 4; the program is solved in four coordinates.
The denoiser removes all noise that is orthogonal to the digits' affine hull, and maps the noise balls to the digits.
"""

import numpy as np
from matplotlib import pyplot as plt

import exactnorm
from exactnorm import plot, problems

train = problems.digits5().train
denoiser = exactnorm.min_norm_denoiser(train, tol=1e-2)
noisy = train.points + 1.5 * np.random.default_rng(0).standard_normal(train.points.shape)
rows = [train.points, noisy, denoiser(noisy)]
axes = plot.images(rows, (8, 8), labels=["clean", "noisy", "denoised"], limits=(0, 16))
certificate = denoiser.certificate
axes.set_title(f"least cost between {certificate.lower:.4f} and {certificate.upper:.4f}")

before = np.linalg.norm(noisy - train.points, axis=1)
after = np.linalg.norm(denoiser(noisy) - train.points, axis=1)
assert certificate.certifies(1e-2)
assert np.all(after < before / 4)

plt.show()
