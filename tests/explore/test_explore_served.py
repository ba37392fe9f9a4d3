"""A command that tells no address fails the tests that wait for it, and is not waited for for ever."""

import sys
import time

import pytest
from served import told

pytestmark = pytest.mark.explore


def test_a_command_that_tells_no_address_is_ended_and_its_last_words_are_given():
    silent = "import sys, time; sys.stderr.write('asleep'); sys.stderr.flush(); time.sleep(600)"
    begun = time.monotonic()
    with pytest.raises(AssertionError, match=r"no address within 2 s .* but '' and: asleep"):
        told([sys.executable, "-c", silent], 2.0)
    assert time.monotonic() - begun < 100
    with pytest.raises(AssertionError, match="but 'hello"):
        told([sys.executable, "-c", "import time; print('hello', flush=True); time.sleep(600)"], 100.0)
