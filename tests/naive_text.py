"""The text of a proof as the naive verifiers read it: strict JSON, its texts of numbers as fractions."""

import json
import re
import sys
from fractions import Fraction

sys.set_int_max_str_digits(100_000)
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+|/[1-9][0-9]*)?")
WORDS = {"format", "problem", "kind", "sha256", "samples sha256", "targets sha256"}


def load(text):
    text = text if isinstance(text, str) else text.decode("ascii")
    assert text.isascii(), "beyond ASCII"
    proof = numbers("", json.loads(text, object_pairs_hook=once, parse_float=refused, parse_constant=refused))
    assert (proof["format"], proof["version"]) == ("exactnorm proof", 1), "another format"
    return proof


def once(pairs):
    assert len(dict(pairs)) == len(pairs), "a name twice"
    return dict(pairs)


def refused(text):
    raise AssertionError(text[:40] + " does not stand in quotation marks")


def numbers(name, found):
    if isinstance(found, dict):
        return {one: numbers(one, value) for one, value in found.items()}
    if isinstance(found, list):
        return [numbers(name, value) for value in found]
    if isinstance(found, str) and name not in WORDS:
        assert len(found) <= 40_000 and NUMBER.fullmatch(found), f"{found[:40]!r} is no number"
        return Fraction(found)
    assert found is None or type(found) is int or name in WORDS, f"{found!r} belongs nowhere"
    return found
