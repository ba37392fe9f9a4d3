"""Room: theorems."""
