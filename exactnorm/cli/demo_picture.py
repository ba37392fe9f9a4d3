"""The picture of `exactnorm demo`."""

from __future__ import annotations

from exactnorm import plot
from exactnorm.arrays import Array
from exactnorm.certify import CertifiedDenoiser


def write(file: str, triangle: CertifiedDenoiser, digits: CertifiedDenoiser, noisy: Array) -> None:
    """Draw the triangle's denoiser as a field, the digits, the same with noise, and denoised; save to `file`."""
    figure = plot.figure(width=10.5, height=4.6)
    field, images = figure.subplots(1, 2, width_ratios=[1, 1.15])
    plot.field(triangle, field)
    field.set_title("Minimum-norm denoiser of an acute triangle")
    rows = [digits.train.points, noisy, digits(noisy)]
    plot.images(rows, (8, 8), images, labels=["clean", "noisy", "denoised"], limits=(0, 16))
    images.set_title("Minimum-norm denoiser of five digits")
    figure.savefig(file, dpi=150)
