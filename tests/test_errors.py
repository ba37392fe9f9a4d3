"""Errors that carry more than a message."""

import pickle

import numpy as np
import pytest

from exactnorm import InfeasibleProblem
from exactnorm.patterns import TooManyPatternsError
from exactnorm.training_set import OverlapError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OverlapError("two balls touch", "use less"), "two balls touch; use less"),
        (InfeasibleProblem("there is none", np.array([1.0, -1.0])), "there is none"),
        (TooManyPatternsError("too many", 7), "too many"),
    ],
)
def test_errors_come_back_from_workers_as_they_were(error, text):
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error) == text
    (name, value), *_ = vars(error).items()
    assert np.array_equal(getattr(back, name), value)
