"""The workers of experiments: Ctrl-C is for the process that began them."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor

import pytest

from exactnorm.experiments.executors import processes

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="a system without masks of signals")


def blocked():
    """Whether this process has been kept from Ctrl-C since it began, not only since it was loaded."""
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_workers_are_out_of_reach_of_ctrl_c_from_the_first_and_their_parent_is_not():
    with processes(1) as pool:
        assert pool.submit(blocked).result()
        assert not blocked()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_while_workers_are_begun_comes_when_they_are(monkeypatch):
    begun, submit = [], ProcessPoolExecutor.submit

    def interrupted(pool, *task):
        os.kill(os.getpid(), signal.SIGINT)
        begun.append(submit(pool, *task))
        return begun[-1]

    monkeypatch.setattr(ProcessPoolExecutor, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt), processes(2):
        pytest.fail("it never came")
    assert len(begun) == 2
    assert not blocked()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
