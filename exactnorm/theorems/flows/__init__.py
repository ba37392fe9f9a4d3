"""Statements about flows that hold by themselves, from this package's documentation."""
