"""Statements about what the least cost does not depend on, from this package's documentation."""
