"""Rational numbers as text, and how they are rounded."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from flint import arb, fmpq, fmpz

GRAMMAR = re.compile(r"-?[0-9]+(\.[0-9]+|/[1-9][0-9]*)?", re.ASCII)
"""A decimal number without exponent, or a quotient of two whole numbers."""
LONGEST = 40_000
"""Characters of one number: far more than any correction needs, and milliseconds to read."""
DIGITS = {str(digit): fmpq(digit) for digit in range(-9, 10)}
"""Numbers that most proofs are full of."""
PRECISION = 128
"""Bits of square roots: forty digits, of which a bracket shows a dozen."""
SIGNIFICANT = 160
"""Bits of the terms of long sums that are rounded: more than roots have."""


def rational(text: Any) -> fmpq:
    """The number that a text stands for.

    Raises
    ------
    ValueError
        If it is no text, longer than `LONGEST`, or not of the grammar.
    """
    if isinstance(text, str) and (digit := DIGITS.get(text)) is not None:
        return digit
    if not isinstance(text, str) or len(text) > LONGEST or not GRAMMAR.fullmatch(text):
        msg = f"{str(text)[:40]!r} is not a rational number in a text, such as '-0.125' or '1/3'"
        raise ValueError(msg)
    if "/" in text:
        top, bottom = text.split("/")
        return fmpq(fmpz(top), fmpz(bottom))
    whole, _, digits = text.partition(".")
    if not digits:
        return fmpq(fmpz(whole))
    return fmpq(fmpz(whole + digits), power_of_ten(len(digits)))


@lru_cache(maxsize=256)
def power_of_ten(count: int) -> fmpz:
    """10^count."""
    return fmpz(10) ** count


def exact(number: float) -> fmpq:
    """The rational number that a float is."""
    return fmpq(*float(number).as_integer_ratio())


def quotient_text(number: fmpq) -> str:
    """The number as a quotient, or as a whole number."""
    return str(number.p) if number.q == 1 else f"{number.p}/{number.q}"


def about(number: fmpq, digits: int | None = None) -> str:
    """The number for a message, as a float or to so many digits; of one that no float holds, how many digits it has."""
    try:
        return repr(float(number)) if digits is None else f"{float(number):.{digits}g}"
    except OverflowError:
        return f"{'-' if number < 0 else ''}1e{len(str(abs(number.p))) - len(str(number.q))}"


def rounded(number: fmpq, digits: int) -> fmpq:
    """The nearest number with so many decimals; opposite numbers have opposite ones."""
    ten = fmpz(10) ** digits
    nearest = ((2 * abs(number.p) * ten + number.q) // (2 * number.q)) * (1 if number.p >= 0 else -1)
    return fmpq(nearest, ten)


def below(number: fmpq, digits: int) -> fmpq:
    """The largest number with so many decimals that is not above."""
    ten = fmpz(10) ** digits
    return fmpq((number.p * ten) // number.q, ten)


def above(number: fmpq, digits: int) -> fmpq:
    """The smallest number with so many decimals that is not below."""
    return -below(-number, digits)


def short(number: fmpq, *, upper: bool) -> fmpq:
    """A bound with `SIGNIFICANT` binary digits: many numbers have as many denominators, such have powers of two."""
    places = SIGNIFICANT - int(number.p.bit_length()) + int(number.q.bit_length())
    top, bottom = number.p, number.q
    if places >= 0:
        top *= fmpz(2) ** places
    else:
        bottom *= fmpz(2) ** -places
    whole = -(-top // bottom) if upper else top // bottom
    return fmpq(whole, fmpz(2) ** places) if places >= 0 else fmpq(whole * fmpz(2) ** -places)


def decimal_text(number: fmpq, digits: int) -> str:
    """A number with at most so many decimals, without the zeros at its end.

    Raises
    ------
    ValueError
        If it has more decimals than that.
    """
    scaled = number * fmpz(10) ** digits
    if scaled.q != 1:
        msg = f"{number} has more than {digits} decimals"
        raise ValueError(msg)
    sign, size = ("-" if scaled.p < 0 else ""), str(abs(scaled.p)).rjust(digits + 1, "0")
    whole, part = size[: len(size) - digits], size[len(size) - digits :].rstrip("0")
    return f"{sign}{whole}.{part}" if part else sign + whole


def end(ball: arb, *, upper: bool) -> fmpq:
    """An end of a ball, as a rational number."""
    mantissa, exponent = (ball.upper() if upper else ball.lower()).man_exp()
    return fmpq(mantissa) * fmpq(2) ** int(exponent)


def root(number: fmpq, *, upper: bool) -> fmpq:
    """A rational bound on the square root of a number ≥ 0, good to about `PRECISION` bits; the root if it has no more.

    By whole numbers: the precision of balls is one for all threads.
    """
    if number == 0:
        return fmpq(0)
    top, bottom = number.p, number.q
    places = PRECISION - (int(top.bit_length()) - int(bottom.bit_length())) // 2
    scaled = top * fmpz(4) ** places if places >= 0 else top
    below_it = bottom if places >= 0 else bottom * fmpz(4) ** -places
    whole = (scaled // below_it).isqrt()
    if upper and whole * whole * below_it != scaled:
        whole += 1
    return fmpq(whole) * fmpq(2) ** -places
