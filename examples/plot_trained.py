r"""
Exact against trained
=====================

A network of 60 neurons trained by scikit-learn's L-BFGS on noisy samples with a small weight decay, and the exact
minimum-norm denoiser of the same points. Training ends at a higher cost, or with an interpolation error, or both; the
bracket of the exact one is the ruler.
"""

import numpy as np
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
exact = exactnorm.min_norm_denoiser(train)
error = exactnorm.interpolation_error(trained, train.points, train.rho)

axes = plot.line(exact)
y = np.linspace(-0.3, 2.8, 400)[:, None]
axes.plot(y, trained(y), color="#009E73", ls="--", label="trained")
axes.set_title(
    f"cost {exact.certificate.upper:.3f} exact, {trained.representation_cost:.3f} trained (error {error:.1e})"
)
axes.legend(fontsize="small")

assert exact.certificate.interpolation_error < 1e-12 < 1e-4 < error
