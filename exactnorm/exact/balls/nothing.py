"""The errors of a search that ended before there was a network."""

from __future__ import annotations


class NothingFoundError(ArithmeticError):
    """No network was found, nor shown not to exist.

    Attributes
    ----------
    lower : float
        No network costs less, if there is one.
    radius : float
        At this smaller radius a network is found at once; 0 where not even that is known.
    """

    def __init__(self, message: str, lower: float = 0.0, radius: float = 0.0) -> None:
        super().__init__(message, lower, radius)  # as it is called, so that workers can send it back
        self.lower, self.radius = lower, radius

    def __str__(self) -> str:
        return str(self.args[0])


class InterruptedSearch(KeyboardInterrupt):
    """Ctrl-C before a network was found, or shown not to exist; `lower` and `radius` as in `NothingFoundError`."""

    def __init__(self, message: str, lower: float = 0.0, radius: float = 0.0) -> None:
        super().__init__(message, lower, radius)
        self.lower, self.radius = lower, radius

    def __str__(self) -> str:
        return str(self.args[0])
