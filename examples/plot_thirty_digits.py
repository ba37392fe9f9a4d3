r"""
Thirty digits at work
=====================

Thirty handwritten digits are too many to be solved to the end in seconds: the network is the best sum of ramps that is
found, not shown to be the least of all, and the title says how wide its bracket is. At small noise it gives nearly all
digits back, at once or by its score flow. Flows from noise of the digits' own size around their mean end elsewhere:
nearly all at one stable image that looks like the mean and is none of the digits. Bars have 95 % intervals (300 flows).
"""

import math

import numpy as np
from matplotlib import pyplot as plt

import exactnorm
from exactnorm import plot, problems

points = problems.digit_images()[0][:30] / 16
mean = points.mean(axis=0)
train = exactnorm.TrainingSet(points, 0.3 * exactnorm.TrainingSet(points).separation)
denoiser = exactnorm.min_norm_denoiser(train, method="ramps")
rng = np.random.default_rng(0)
span = np.linalg.svd(points - mean, full_matrices=False)[2][:29]
size = np.sqrt(((points - mean) ** 2).sum() / 30 / 29)
starts = {
    "digits and noise": np.repeat(points, 10, axis=0) + 0.25 * rng.standard_normal((300, 64)),
    "mean and noise": mean + size * rng.standard_normal((300, 29)) @ span,
}
ends = {name: exactnorm.score_flow(denoiser, Y, math.inf).endpoint for name, Y in starts.items()}
shares = {name: exactnorm.endpoints(Y, train).shares() for name, Y in ends.items()}
images, counts = np.unique(ends["mean and noise"].round(5) + 0, axis=0, return_counts=True)
order = np.argsort(-counts)[:4]

figure = plt.figure(figsize=(7.2, 4.4), layout="constrained")
top, below = figure.subfigures(2, 1, height_ratios=(2.1, 1))
noisy = starts["digits and noise"][::10]
columns = {"digits and noise": noisy, "denoised": denoiser(noisy), "ends of its flow": ends["digits and noise"][::10]}
for axes, (title, column) in zip(top.subplots(1, 3), columns.items(), strict=True):
    plot.images(column.reshape(5, 6, 64), (8, 8), axes, limits=(0, 1)).set_title(title, fontsize=9)
found = denoiser.certificate
said = f"cost {found.upper:.1f}; no network costs less than {found.lower:.1f}: the bracket is {found.gap:.0%} wide"
top.suptitle(said, fontsize=10)
bars, most = below.subplots(1, 2, width_ratios=(1, 1.5))
for place, kinds in enumerate(shares.values()):
    one = kinds["training point"]
    bars.barh(place, one.share, color="#0072B2", height=0.6)
    bars.errorbar(one.share, place, xerr=[[one.share - one.low], [one.high - one.share]], color="black", capsize=3)
bars.set(xlim=(0, 1), ylim=(1.5, -0.5), yticks=[0, 1], xlabel="share of flows that end at a digit")
bars.set_yticklabels(list(shares), fontsize=9)
plot.images([np.vstack([mean, images[order]])], (8, 8), most, limits=(0, 1))
for place, words in enumerate(["the mean", *(f"{count / 300:.0%} end at" for count in counts[order])]):
    most.text(1.1 * place + 0.5, 0.1, words, ha="center", fontsize=8)

assert shares["digits and noise"]["training point"].low > 0.9
assert counts.max() / 300 > 0.8 > found.gap

plt.show()
