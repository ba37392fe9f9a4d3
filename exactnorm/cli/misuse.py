"""Misuse of a command line, all of it told at once: where argparse stops at the first mistake, it is asked again.

A command line is parsed as declared. Only if that fails is it parsed loosely: nothing is required, options need no
values, and any word is a choice. What is missing then is found by looking, and the command adds what it finds itself.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from exactnorm.cli.numbers import Misread, flag

ABSENT: Any = object()
"""The value of an option that stands without one."""


class Misuse(Exception):
    """What argparse would have stopped at."""

    def __init__(self, command: argparse.ArgumentParser, sentence: str) -> None:
        super().__init__(sentence)
        self.command = command


class Written(argparse.ArgumentParser):
    """A parser that fails where its help cannot be written: argparse takes that for a success."""

    def _print_message(self, message: str, file: Any = None) -> None:
        stream = sys.stderr if file is None else file
        stream.write(message)
        stream.flush()


class Command(Written):
    """The parser of one command, which raises where argparse prints and leaves."""

    def error(self, message: str) -> NoReturn:
        """Raise `Misuse`."""
        raise Misuse(self, message)


def parsed(top: argparse.ArgumentParser, given: Sequence[str]) -> argparse.Namespace:
    """The arguments; what is wrong with them in `arguments.mistakes`, words that are none of them in `.unknown`."""
    mistakes: list[str] = []
    misread: set[str] = set()
    try:
        arguments, unknown = top.parse_known_args(given)
    except Misuse as misuse:
        declared = [(action, action.required, action.choices) for action in misuse.command._actions]
        given, mistakes = spelled(misuse.command, given)
        loosen(misuse.command)
        arguments, unknown = top.parse_known_args(given)
        for action, required, choices in declared:
            for sentence in wrong(arguments, action, required, choices):
                mistakes.append(sentence)
                misread.add(action.dest)
        mistakes = mistakes or [str(misuse)]
    arguments.mistakes, arguments.misread, arguments.unknown = mistakes, misread, unknown
    return arguments


def spelled(command: argparse.ArgumentParser, given: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words with options written out, and sentences about those that cannot be, which are left out."""
    words, said, value = [], [], False
    for word in given:
        head, equals, tail = word.partition("=")
        meant = [one for one in command._option_string_actions if one.startswith(head) and head.startswith("--")]
        meant = [head] if head in meant else meant
        if value and not word.startswith("-"):  # of an option that was left out
            value = False
        elif len(meant) > 1 and head != "--":
            said.append(f"{head}: that may be {', '.join(meant)}; write it out")
            value = not equals
        elif len(meant) == 1 and equals and command._option_string_actions[meant[0]].nargs == 0:
            said.append(f"{word}: {meant[0]} takes no value")
        else:
            words.append(f"{meant[0]}{equals}{tail}" if len(meant) == 1 else word)
            value = False
    return words, said


def loosen(command: argparse.ArgumentParser) -> None:
    """Let the parser take anything."""
    for action in command._actions:
        action.required, action.choices = False, None
        if action.nargs is None:
            action.nargs = "?"
            action.const = ABSENT if action.option_strings else action.const


def wrong(arguments: argparse.Namespace, action: argparse.Action, required: bool, choices: Any) -> Iterator[str]:
    """What is wrong with one argument, which is as if not given afterwards."""
    value: Any = getattr(arguments, action.dest, None)
    shown = action.option_strings[0] if action.option_strings else str(action.metavar or action.dest.upper())
    if value is None and required:
        yield f"give {shown}: {action.help}{'' if choices is None or action.metavar else f', {in_words(choices)}'}"
    elif value is ABSENT or (isinstance(value, list) and ABSENT in value):
        of = f": {in_words(choices)}" if choices is not None else f", {action.metavar}" if action.metavar else ""
        yield f"{shown} needs a value{of}"
        setattr(arguments, action.dest, None if value is ABSENT else [one for one in value if one is not ABSENT])
    elif choices is not None and value is not None and value not in choices:
        yield f"{shown} {value}: give one of {', '.join(choices)}"
        setattr(arguments, action.dest, None)


def in_words(choices: Sequence[str]) -> str:
    """Choices in a sentence."""
    return f"{', '.join(choices[:-1])} or {choices[-1]}"


def misused(arguments: argparse.Namespace) -> list[str]:
    """What is missing, words that are no option or belong to none, and options that hold no number: a sentence each.

    They are as if they had not been given afterwards, but for their names in `arguments.misread`.
    """
    found = [*arguments.mistakes]
    found += [f"{word}: there is no such option, or nothing that it goes with" for word in arguments.unknown]
    numbers = {name: text for name, text in vars(arguments).items() if isinstance(text, Misread)}
    found += [f"{flag(name)} {text}: that is no number" for name, text in numbers.items()]
    for name in numbers:
        setattr(arguments, name, None)
    arguments.misread |= set(numbers)
    return found
