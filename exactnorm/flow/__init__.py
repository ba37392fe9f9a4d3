"""Room: flow."""
