"""What `--help` prints, in lines that fit the terminal, and at most a hundred letters long."""

from __future__ import annotations

import re
import shutil
import textwrap
from argparse import RawDescriptionHelpFormatter

LONGEST = 100


def width() -> int:
    """Letters in a line: the terminal's, 80 in a pipe."""
    return max(min(shutil.get_terminal_size().columns, LONGEST), 40)


class Unbroken(RawDescriptionHelpFormatter):
    """Help of options in lines that break between words only: `early-stopping` is one."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


def formatter(prog: str) -> RawDescriptionHelpFormatter:
    """An argparse formatter of that width; descriptions and epilogs come to it wrapped."""
    return Unbroken(prog, width=width() - 2)


def wrapped(text: str) -> str:
    """The text, each of its lines wrapped at words; what follows a first word in a table stands below the rest.

    A command line, which is indented and begins with the command's name, is left as it is.
    """
    lines = []
    for line in text.splitlines():
        head = re.match(r" +(\S+ {2,})?", line)
        hang = " " * (len(head[0]) if head else 0)
        if line.lstrip().startswith("exactnorm ") and hang:
            lines.append(line)
        else:
            lines += textwrap.wrap(line, width() - 2, subsequent_indent=hang, break_on_hyphens=False) or [""]
    return "\n".join(lines)
