"""Room: exact."""
