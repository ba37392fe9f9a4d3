"""`exactnorm completion`: a script that completes commands, options and their choices in a shell."""

from __future__ import annotations

import argparse
from typing import Any

from exactnorm.cli.help_text import formatter, wrapped
from exactnorm.cli.misuse import misused
from exactnorm.cli.streams import refuse, show_text

EXAMPLES = """\
examples:
  eval "$(exactnorm completion bash)"          # in ~/.bashrc
  eval "$(exactnorm completion zsh)"           # in ~/.zshrc, after compinit
  exactnorm completion fish > ~/.config/fish/completions/exactnorm.fish
"""
# DATA may be a file as well as a name, so file names are always offered too.
BASH = """\
_exactnorm() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" words=""
    case "${{COMP_WORDS[1]}} $before" in
{choices}
    *)
        case "${{COMP_WORDS[1]}}" in
{options}
        esac
        if [ "$COMP_CWORD" -eq 1 ]; then words="{commands}"; fi ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _exactnorm exactnorm
"""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "completion",
        help="print a script for completion in a shell",
        description=wrapped(
            "Print a script that completes commands, options, their choices and the names of problems."
        ),
        epilog=wrapped(EXAMPLES),
        formatter_class=formatter,
    )
    command.add_argument("shell", choices=("bash", "zsh", "fish"), help="which shell")
    command.set_defaults(run=run, commands=commands)


def run(arguments: argparse.Namespace) -> int:
    """Print the script."""
    refuse(misused(arguments))
    scripts = {"bash": bash, "zsh": zsh, "fish": fish}
    show_text(scripts[arguments.shell](arguments.commands.choices))
    return 0


def bash(parsers: dict[str, argparse.ArgumentParser]) -> str:
    """The script for bash."""
    options, choices = [], []
    for name, parser in parsers.items():
        offered = [*flags(parser), *positional_choices(name, parser)]
        options.append(f'        {name}) words="{" ".join(offered)}" ;;')
        for flag, values in option_choices(parser).items():
            choices.append(f'    "{name} {flag}") words="{" ".join(values)}" ;;')
    return BASH.format(commands=" ".join(parsers), options="\n".join(options), choices="\n".join(choices))


def zsh(parsers: dict[str, argparse.ArgumentParser]) -> str:
    """The script for zsh: bash's, through zsh's own emulation."""
    return "autoload -U +X bashcompinit && bashcompinit\n" + bash(parsers)


def fish(parsers: dict[str, argparse.ArgumentParser]) -> str:
    """The script for fish."""
    lines = [f"complete -c exactnorm -n __fish_use_subcommand -a '{' '.join(parsers)}'"]
    for name, parser in parsers.items():
        given = f"-n '__fish_seen_subcommand_from {name}'"
        lines += [f"complete -c exactnorm {given} -l {flag[2:]}" for flag in flags(parser)]
        if words := positional_choices(name, parser):
            lines.append(f"complete -c exactnorm {given} -a '{' '.join(words)}'")
        for flag, values in option_choices(parser).items():
            lines.append(f"complete -c exactnorm {given} -l {flag[2:]} -x -a '{' '.join(values)}'")
    return "\n".join(lines) + "\n"


def flags(parser: argparse.ArgumentParser) -> list[str]:
    """The long options of a command."""
    return [flag for action in parser._actions for flag in action.option_strings if flag.startswith("--")]


def option_choices(parser: argparse.ArgumentParser) -> dict[str, list[str]]:
    """The values of options that take one of a few."""
    chosen = [action for action in parser._actions if action.option_strings and action.choices]
    return {action.option_strings[-1]: [str(choice) for choice in action.choices or ()] for action in chosen}


def positional_choices(name: str, parser: argparse.ArgumentParser) -> list[str]:
    """The words that may stand without an option: an argument's choices, or the names of problems or statements."""
    from exactnorm import problems, theorems

    words = [str(c) for action in parser._actions if not action.option_strings for c in action.choices or ()]
    if name in ("solve", "flow", "explore"):
        words += [problem.name for problem in problems.listing()]
    if name == "theorems":
        words += list(theorems.STATEMENTS)
    return words
