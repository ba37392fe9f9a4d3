"""The record of one statement checked: what is claimed, and what was computed without using the claim."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

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
    unseen : tuple of (str, str)
        What may be wrong by 1 % without any change of the outcome, and why: the name of a constant of the formula,
        as ``function.argument``, or of what a closed form gets or gives, ``form.rho`` and ``form.output``. A 1 %
        change of anything else turns the check red; the tests try all of them.

    Attributes
    ----------
    holds, refuted : bool
        Derived from the numbers: the relation holds at both ends of the bracket, or its opposite does. Neither is so
        where the bracket is too wide to tell, and where a number is NaN, since a computation failed.
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
    lower: float | None = None
    upper: float | None = None
    unseen: tuple[tuple[str, str], ...] = ()
    holds: bool = field(init=False)
    refuted: bool = field(init=False)

    def __post_init__(self) -> None:
        low, high = (self.computed if end is None else end for end in (self.lower, self.upper))
        ends = (low, self.computed, high)
        slack = self.tolerance * max(1.0, abs(self.claimed))
        # Above and below the claim by more than the tolerance, or not; a NaN compares as false in all four.
        top, bottom = self.claimed + slack, self.claimed - slack
        over, not_over = all(end > top for end in ends), all(end <= top for end in ends)
        under, not_under = all(end < bottom for end in ends), all(end >= bottom for end in ends)
        holds, refuted = {
            "=": (not_over and not_under, over or under),
            "<=": (not_over, over),
            ">=": (not_under, under),
            "<": (under, not_under),
            ">": (over, not_over),
        }[self.relation]
        for name, value in {"lower": low, "upper": high, "holds": holds, "refuted": refuted}.items():
            object.__setattr__(self, name, value)

    @property
    def as_expected(self) -> bool:
        """Whether the outcome is the expected one: held, or refuted. Of an open question, whether it was computed."""
        if self.expected is None:
            numbers = (self.claimed, self.computed, self.lower, self.upper)
            return not any(number is None or math.isnan(number) for number in numbers)
        return self.holds if self.expected else self.refuted

    @property
    def outcome(self) -> str:
        """Whether the statement holds, is refuted or remains undecided, and whether that was expected."""
        word = "yes" if self.holds else "no" if self.refuted else "undecided"
        if not self.as_expected:
            return f"{word}: UNEXPECTED"
        if self.expected is None:
            return f"{word}, open"
        return "yes" if self.holds else "no, as expected"

    def table(self) -> TextTable:
        """Computed and claimed side by side, and below them what was computed; `stacked` joins several."""
        numbers = (f"{self.computed:.9g}", self.relation, f"{self.claimed:.9g}", f"{self.computed - self.claimed:.1e}")
        row = (self.name, *numbers, self.standing, self.outcome)
        headings = ("statement", "computed", "", "claimed", "difference", "standing", "holds")
        blind = "".join(f"; blind to 1 % of {what}: {why}" for what, why in self.unseen)
        return TextTable(headings, (row,), f"{self.name} ({self.source}): {self.detail}{blind}")
