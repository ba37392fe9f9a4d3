"""Statements about equilateral triangles, from this package's documentation."""
