"""The score flow dy/du = h(y) − y of one denoiser."""
