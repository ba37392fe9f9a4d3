"""Rest points h(y) = y of a denoiser, and the regions they are looked for in."""
