r"""
The bracket closes
==================

On generic data the bracket begins with a network of ramps and a bound that is quickly found. Each round then looks
where the dual function is too high, and its peaks go into the next program. Both ends move, and each round's pair is
valid by itself. Here on an isosceles triangle with little room between its balls.
"""

from matplotlib import pyplot as plt

import exactnorm
from exactnorm import plot, problems

rounds = []
denoiser = exactnorm.min_norm_denoiser(problems.isosceles().train, progress=rounds.append)
seconds, lower, upper = zip(*((best.seconds, best.lower, best.upper) for best in rounds), strict=True)
axes = plot.bracket(seconds, lower, upper)
axes.set_title(f"{len(rounds)} rounds, gap {denoiser.certificate.gap:.0e}")

assert list(lower) == sorted(lower)
assert list(upper) == sorted(upper, reverse=True)
assert denoiser.certificate.certifies(1e-6)

plt.show()
