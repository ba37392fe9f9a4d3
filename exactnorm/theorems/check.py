"""The record of one statement checked: what is claimed, and what was computed without using the claim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from exactnorm.tables import Tabular, TextTable

Relation = Literal["=", "<=", ">=", "<", ">"]
Standing = Literal["proved", "published", "measured", "open"]


@dataclass(frozen=True)
class Check(Tabular):
    """A statement, the number it claims, and the number computed on a road that does not use the claimed formula.

    Parameters
    ----------
    name : str
        Name in the table, such as ``A-univariate``.
    source : str
        Paper, or where the statement comes from.
    standing : {"proved", "published", "measured", "open"}
        What is known of it: a proof is given in the documentation; it is stated in a paper; it has been seen
        numerically; nobody has shown it.
    claimed, computed : float
    relation : {"=", "<=", ">=", "<", ">"}
        The claim reads ``computed relation claimed``.
    tolerance : float
        Relative to ``max(1, |claimed|)``.
    expected : bool or None
        Whether the check should hold; None for an open question, where either outcome is an observation.
    detail : str
        What was computed, on which data, and anything else the two numbers do not say.
    lower, upper : float, optional
        Bracket on the computed quantity where there is one; both are `computed` by default. An equality holds only
        if both ends agree with the claim, so a wide bracket fails rather than agrees with everything; an
        inequality is held against the end that makes it harder.

    Attributes
    ----------
    holds : bool
        Derived from the numbers.
    """

    name: str
    source: str
    standing: Standing
    claimed: float
    computed: float
    relation: Relation
    tolerance: float
    expected: bool | None
    detail: str
    lower: float = float("nan")
    upper: float = float("nan")
    holds: bool = field(init=False)

    def __post_init__(self) -> None:
        for end in ("lower", "upper"):
            if np.isnan(getattr(self, end)):
                object.__setattr__(self, end, self.computed)
        slack = self.tolerance * max(1.0, abs(self.claimed))
        compare: dict[str, Callable[[float, float], bool]] = {
            "=": lambda low, high: max(abs(low - self.claimed), abs(high - self.claimed)) <= slack,
            "<=": lambda _, high: high <= self.claimed + slack,
            ">=": lambda low, _: low >= self.claimed - slack,
            "<": lambda _, high: high < self.claimed - slack,
            ">": lambda low, _: low > self.claimed + slack,
        }
        # A NaN compares as false, so that a failed computation never counts as agreement.
        object.__setattr__(self, "holds", bool(compare[self.relation](self.lower, self.upper)))

    @property
    def as_expected(self) -> bool:
        """Whether the outcome is the expected one; an open question has no unexpected outcome."""
        return self.expected is None or self.holds == self.expected

    @property
    def outcome(self) -> str:
        """Whether the statement holds, and whether that was expected."""
        word = "yes" if self.holds else "no"
        if self.expected is None:
            return f"{word}, open"
        if self.as_expected:
            return "yes" if self.holds else "no, as expected"
        return f"{word}: UNEXPECTED"

    def table(self) -> TextTable:
        """Claimed and computed side by side, and below them what was computed; `stacked` joins several."""
        numbers = (f"{self.claimed:.9g}", self.relation, f"{self.computed:.9g}", f"{self.computed - self.claimed:.1e}")
        row = (self.name, *numbers, self.standing, self.outcome)
        headings = ("statement", "claimed", "", "computed", "difference", "standing", "holds")
        return TextTable(headings, (row,), f"{self.name} ({self.source}): {self.detail}")
