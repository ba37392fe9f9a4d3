"""Statements about acute triangles, from this package's documentation."""
