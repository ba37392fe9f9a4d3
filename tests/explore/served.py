"""The explorer as a process of its own, and what becomes of it."""

import os
import subprocess
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def started(*arguments):
    """The command, serving, and its address."""
    command = [sys.executable, "-m", "exactnorm", "explore", *arguments, "--no-open"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    line = process.stdout.readline()
    assert line.startswith("http://127.0.0.1:"), process.stderr.read()
    return process, line.strip()


def children(pid):
    """The processes that a process has started."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(one) for one in found.stdout.split()]


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def status(address, **headers):
    """What the server says to a request: a status, or None if it hangs up."""
    try:
        with urlopen(Request(address, headers={name.replace("_", "-"): what for name, what in headers.items()})) as one:
            one.read()
            return one.status
    except HTTPError as refused:
        with refused:
            return refused.code
    except ConnectionError:
        return None
