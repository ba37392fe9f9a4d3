"""How busy the machine is, by which tests of seconds are calibrated."""

import resource
import subprocess
import sys
import time


def busy():
    """Seconds that a second of work takes, at least 1: of a command that only loads what all commands load."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", "import exactnorm.flow"], check=True)
    took = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return max(1.0, took / (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
