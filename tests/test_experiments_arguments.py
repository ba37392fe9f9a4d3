"""Arguments of experiments are of the kind of their defaults, or a sentence says what to give."""

import inspect
from fractions import Fraction

import numpy as np
import pytest

from exactnorm.experiments import (
    EXPERIMENTS,
    Run,
    attribution_scores,
    early_stopping,
    early_stopping_map,
    first_pictures,
    memorisation,
    stable_virtual_points,
    trained_networks,
)
from exactnorm.experiments.arguments import FROM_ZERO

WRONG = {
    int: ["x", -1, 0, 1.5, None, True, (1,)],
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
    allowed = (0,) if argument in FROM_ZERO else ()
    for value in (one for one in WRONG[type(default)] if one not in allowed or one is False):
        with pytest.raises(ValueError, match=f"^{argument}(=| is )"):
            EXPERIMENTS[name](**{argument: value})


def test_the_message_says_what_to_give():
    with pytest.raises(ValueError, match=r"^starts='many': give whole numbers from 1 on, such as 500$"):
        early_stopping(starts="many")
    with pytest.raises(ValueError, match=r"^counts=2.5: give whole numbers from 1 on, such as \(2, 3, 4, 5"):
        memorisation(counts=(2, 2.5))


def test_numbers_of_other_libraries_and_lists_are_taken_for_what_they_are():
    usual = early_stopping(starts=20, times=3, alpha=0.5)
    assert early_stopping(starts=np.int64(20), times=np.uint8(3), alpha=Fraction(1, 2)).rows == usual.rows


@pytest.mark.parametrize(
    ("experiment", "given", "said"),
    [
        (stable_virtual_points, {"points": 3}, r"^sizes=\(2, 3, 4\): of 3 points there are no sums of 4"),
        (trained_networks, {"points": 3}, r"^sizes=\(2, 3, 4\): of 3 points there are no sums of 4"),
        (trained_networks, {"decay": -1e-4}, "^decay=-0.0001 is negative"),
        (early_stopping, {"alpha": 0.0}, "^alpha=0, scale=0.4; give positive numbers"),
        (early_stopping_map, {"scale": 0.0}, "^alpha=0.5, scale=0; give positive numbers"),
        (first_pictures, {"grid": 1}, "^grid=1, penalty=10000; give two places"),
        (first_pictures, {"penalty": 0.0}, "^grid=13, penalty=0; give two places"),
        (attribution_scores, {"subsets": 1}, "^subsets=1: .*give 2 or more"),
    ],
)
def test_what_leaves_nothing_to_compute_is_refused_before_anything_is(experiment, given, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        experiment(**given, run=Run(out=tmp_path))
    assert not list(tmp_path.iterdir())
