"""Room: baselines."""
