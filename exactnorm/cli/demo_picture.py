"""The picture of `exactnorm demo`."""

from __future__ import annotations

from exactnorm import plot
from exactnorm.arrays import Array
from exactnorm.certify import CertifiedDenoiser


def write(file: str, triangle: CertifiedDenoiser, digits: CertifiedDenoiser, noisy: Array) -> None:
    """Draw the triangle's denoiser as a field, the digits, the same with noise, and denoised; save to `file`."""
    figure = plot.figure(width=7.2, height=3.6)
    field, images = figure.subplots(1, 2, width_ratios=[1, 1.15])
    plot.field(triangle, field)
    field.get_legend().remove()
    field.set_title("Denoiser of an acute triangle", fontsize="medium")
    rows = [digits.train.points, noisy, digits(noisy)]
    plot.images(rows, (8, 8), images, labels=["clean", "noisy", "denoised"], limits=(0, 16))
    images.set_title("Five digits, and what is made of them", fontsize="medium")
    figure.legend(
        *field.get_legend_handles_labels(), loc="outside lower left", ncols=3, fontsize="small", frameon=False
    )
    figure.draw_without_rendering()  # room is made below labels that were drawn once
    figure.savefig(file, dpi=150)
