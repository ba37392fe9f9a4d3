"""
Which training digit made this sample
=====================================

A noisy image is denoised by the minimum-norm denoiser of five digits, and by those of four of them. The differences
say, exactly, what each digit added.
"""

import numpy as np
from matplotlib import pyplot as plt

from exactnorm import plot, problems
from exactnorm.experiments import leave_one_out

digits = problems.digits(5).train.points / 16
rng = np.random.default_rng(1)
# Between digits 3 and 2, with some noise.
sample = 0.7 * digits[3] + 0.3 * digits[2] + 0.05 * rng.standard_normal(64)
found = leave_one_out(digits, [0.1], sample[None], tol=1e-6)

plot.attribution(found, 0)

sizes = np.linalg.norm(found.delta[0, :, 0], axis=1)
print("what each digit adds:", sizes.round(2).tolist())
assert sizes.argmax() == 3
assert found.gap.max() < 1e-6

plt.show()
