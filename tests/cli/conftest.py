"""One command in this process, and a folder to run it in."""

import pytest

from exactnorm.cli import main


@pytest.fixture
def run(capsys):
    """Run one command in this process; return (status, stdout, stderr)."""

    def call(*argv):
        try:
            status = main([str(argument) for argument in argv])
        except SystemExit as left:
            status = left.code
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path
