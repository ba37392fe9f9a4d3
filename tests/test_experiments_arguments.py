"""Arguments of experiments are of the kind of their defaults, or a sentence says what to give."""

import inspect
from fractions import Fraction

import numpy as np
import pytest

from exactnorm.experiments import EXPERIMENTS, early_stopping, memorisation

WRONG = {
    int: ["x", -1, 1.5, None, True, (1,)],
    float: ["x", float("nan"), (1.0,), 1j],
    str: [1, ("CLARABEL",)],
    tuple: ["x", 1, (), {1: 2}, (object(),)],
}
"""Values that are not of the kind of a default."""


def arguments():
    for name, experiment in EXPERIMENTS.items():
        for parameter in inspect.signature(experiment).parameters.values():
            if parameter.name != "run":
                yield name, parameter.name, parameter.default


@pytest.mark.parametrize(("name", "argument", "default"), list(arguments()))
def test_what_is_not_of_the_kind_of_the_default_is_refused_with_what_was_given(name, argument, default):
    for value in WRONG[type(default)]:
        with pytest.raises(ValueError, match=f"^{argument}(=| is )"):
            EXPERIMENTS[name](**{argument: value})


def test_the_message_says_what_to_give():
    with pytest.raises(ValueError, match=r"^starts='many': give whole numbers from 0 on, such as 500$"):
        early_stopping(starts="many")
    with pytest.raises(ValueError, match=r"^counts=2.5: give whole numbers from 0 on, such as \(2, 3, 4, 5"):
        memorisation(counts=(2, 2.5))


def test_numbers_of_other_libraries_and_lists_are_taken_for_what_they_are():
    usual = early_stopping(starts=20, times=3, alpha=0.5)
    assert early_stopping(starts=np.int64(20), times=np.uint8(3), alpha=Fraction(1, 2)).rows == usual.rows
