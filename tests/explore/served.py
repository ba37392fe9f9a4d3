"""The explorer as a process of its own, and what becomes of it."""

import os
import re
import subprocess
import sys
import threading
from urllib.error import HTTPError
from urllib.request import Request, urlopen

LONG = 120.0
"""Seconds in which a command tells its address, on a machine that is busy with other things."""


def started(*arguments):
    """The command, serving, and its address."""
    return told([sys.executable, "-m", "exactnorm", "explore", *arguments, "--no-open"], LONG)


def told(command, seconds):
    """A process and the address that it tells; one that tells none within so many seconds is ended: a failure."""
    # As where nobody asks for unbuffered output: the address must come all the same.
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=plain
    )
    late = threading.Timer(seconds, process.kill)
    late.start()
    line = process.stdout.readline()
    late.cancel()
    if not line.startswith("http://127.0.0.1:"):
        process.kill()
        _, wrong = process.communicate()
        msg = f"no address within {seconds:g} s from {command}, but {line!r} and: {wrong}"
        raise AssertionError(msg)
    return process, line.strip()


def token(address):
    """What a page that is fetched opens its socket with: nothing else does."""
    with urlopen(address) as page:
        return re.search(r'"token":"([^"]+)"', page.read().decode())[1]


def opened(address, given=None):
    """A page of its own making that was fetched, has opened its socket and read its document."""
    from bokeh.client import ClientSession  # not there where these tests are not asked for
    from bokeh.client.util import websocket_url_for_server_url
    from bokeh.util.token import get_session_id

    class Page(ClientSession):
        token = given or token(address)

    page = Page(get_session_id(Page.token), websocket_url_for_server_url(address))
    page.pull()
    return page


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
