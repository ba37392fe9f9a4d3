"""The command line: `exactnorm`, also `python -m exactnorm`."""

from exactnorm.cli.main import main

__all__ = ["main"]
