"""Shared by all tests: drawings need no display."""

import os

os.environ.setdefault("MPLBACKEND", "agg")
