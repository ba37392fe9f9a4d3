"""The probability flow: the denoiser changes with the noise level."""
