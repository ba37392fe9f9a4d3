r"""
Exact against trained
=====================

A network of 60 neurons trained by scikit-learn's L-BFGS on noisy samples with a small weight decay, beside the exact
minimum-norm denoiser of the same points. ``compare`` says what became of it: its cost against the bracket, how far it
misses its targets over the whole balls, which of the exact kinks it found, and where its flow ends.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.neural_network import MLPRegressor

import exactnorm
from exactnorm import plot, problems

train = problems.univariate().train
rng = np.random.default_rng(0)
clean = np.repeat(train.points, 100, axis=0)
noisy = clean + rng.uniform(-train.rho, train.rho, clean.shape)
model = MLPRegressor(hidden_layer_sizes=(60,), solver="lbfgs", alpha=1e-3, max_iter=2000, tol=1e-9, random_state=0)
model.fit(noisy, clean.ravel())
(w, a), (b, c) = model.coefs_, model.intercepts_
trained = exactnorm.ReLUNetwork(a, w.T, b, None, c)
found = exactnorm.compare(trained, exactnorm.min_norm_denoiser(train))
print(found)

axes = plot.line(found.exact)
y = np.linspace(-0.3, 2.8, 400)[:, None]
axes.plot(y, trained(y), color="#009E73", ls="--", label="trained")
axes.set_title(f"trained: cost {found.cost:.2f}, misses by {found.error:.0e}")
axes.legend(fontsize="small")

assert found.exact.certificate.interpolation_error < 1e-12 < 1e-4 < found.error
assert found.cost > found.exact.certificate.upper

plt.show()
