"""Requests that no browser makes leave no traceback, hold nobody up and take no more memory than a message may."""

import os
import signal
import threading
import time
from functools import partial

import pytest
from handmade import (
    CLOSE,
    frame,
    frames,
    handshake,
    heard,
    message,
    page_socket,
    requests,
    texts,
    tokens,
    told,
    whole_requests,
)
from served import alive, children, started, status, token

pytestmark = pytest.mark.explore


def sent_by_hand(address):
    """Have the server answer all of it; returns how many requests, tokens and messages there were."""
    for data in (all_requests := requests(address)).values():
        told(address, data)
    for made in (all_tokens := tokens(address)).values():
        with handshake(address, f"bokeh, {made}") as one:
            assert b'"ACK"' not in heard(one, CLOSE)
    whole = token(address)
    for data in (all_frames := frames()).values():
        with page_socket(address, whole) as one:
            heard(one, data, CLOSE)
    return len(all_requests) + len(all_tokens) + len(all_frames)


@pytest.mark.parametrize("debug", [False, True])
def test_what_is_made_by_hand_is_told_of_in_a_few_lines_and_at_length_only_where_that_is_asked_for(debug):
    process, address = started("orthogonal", *(["--debug"] if debug else []))
    said = []
    reader = threading.Thread(target=lambda: said.extend(process.stderr))  # tracebacks are more than a pipe holds
    reader.start()
    try:
        assert sent_by_hand(address) > 90
        assert status(address) == 200
        page_socket(address, token(address)).close()
    finally:
        process.send_signal(signal.SIGINT)
        reader.join(60)
        process.stdout.close()
        process.stderr.close()
    assert process.wait(60) == 0
    # What is sent does raise something: without this the other half would prove nothing.
    assert ("Traceback (most recent call last):\n" in said) is debug
    if not debug:
        hint, *lines, ended = map(str.rstrip, said)
        assert (hint, ended) == ("ctrl-c ends it", "ended")
        assert len(lines) < 25
        assert all(line.isprintable() and len(line) < 260 for line in lines)
        assert not [line for line in lines if "exactnorm" in line]  # none of them a mistake of the package's


def test_answers_to_wrong_verbs_and_paths_are_statuses():
    process, address = started("orthogonal")
    try:
        whole = whole_requests(address)
        ask = {name: told(address, data, whole=name in whole) for name, data in requests(address).items()}
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    for name, answer in ask.items():
        assert b"root:" not in answer, name
        assert b"Traceback" not in answer, name
    for verb in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "BREW", "get"):
        assert ask[verb].split()[1] in (b"403", b"404", b"405"), (verb, ask[verb][:80])
    for name in ("/nothing", "/static/../../etc/passwd", "/static/%2e%2e/%2e%2e/etc/passwd", "/?bokeh-session-id=none"):
        assert ask[name].split()[1] in (b"400", b"403", b"404"), (name, ask[name][:80])


def test_parts_of_one_message_hold_no_more_together_than_a_message_may():
    from exactnorm.explorer.page.guard import LARGEST_MESSAGE

    part = texts('{"id": "a"}') + frame(2, bytes(2**19))
    process, address = started("orthogonal")
    resident = partial(_resident, process.pid)
    try:
        with page_socket(address, token(address)) as one:
            before = resident()
            answer = heard(one, message("PATCH-DOC", {"events": []}, num_buffers=10**6), *[part] * 400)
            # Closed with 1009, unless the connection was cut before that was read.
            assert b"\x03\xf1" in answer[-400:] or answer == b""
            assert resident() - before < 20 * LARGEST_MESSAGE / 2**20
        assert status(address) == 200
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


@pytest.mark.parametrize("seconds", [0.0, 0.6])
def test_ctrl_c_at_a_terminal_which_goes_to_all_processes_leaves_no_words_and_none_of_them(seconds):
    process, address = started("acute")
    with page_socket(address, token(address)):
        end = time.monotonic() + 120
        while not (workers := children(process.pid)):
            assert time.monotonic() < end
        time.sleep(seconds)  # they start
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 0
    assert said == "ctrl-c ends it\nended\n"
    assert not any(map(alive, workers))


BUSY = """
import atexit, os, signal, sys, threading, time
class Slow:
    def __del__(self):
        time.sleep(0.2)
def begin():
    while not os.path.exists(os.environ["BUSY"]):
        time.sleep(0.1)
    signal.setitimer(signal.ITIMER_REAL, 0.1, 0.25)
if "exactnorm" in sys.orig_argv:
    signal.signal(signal.SIGALRM, lambda *_: Slow() and None)
    atexit.register(signal.signal, signal.SIGALRM, signal.SIG_IGN)
    threading.Thread(target=begin, daemon=True).start()
"""
"""Has the command tidy up four fifths of the time: Python drops whatever is raised meanwhile, a Ctrl-C among it."""


def test_ctrl_c_is_not_lost_while_python_tidies_up(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(BUSY)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("BUSY", str(tmp_path / "busy"))
    process, address = started("acute")
    with page_socket(address, token(address)):
        (tmp_path / "busy").touch()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 0
    assert said == "ctrl-c ends it\nended\n"


def _resident(pid):
    """Megabytes of a process."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20
