"""Where answers are written to: what is wrong with a place is said before anything is computed."""

from __future__ import annotations

from pathlib import Path

from exactnorm import interrupts
from exactnorm.cli.streams import BadInput


def writable_folder(file: str, option: str = "--out") -> None:
    """Raise `BadInput` unless the folder that `file` goes into exists."""
    if Path(file).is_dir():
        msg = f"{option} {file}: that is a directory"
        raise BadInput(msg)
    if not Path(file).parent.is_dir():
        msg = f"{option} {file}: there is no directory {str(Path(file).parent)!r}"
        raise BadInput(msg)


def new_folder(name: str, option: str = "--out") -> None:
    """Raise `BadInput` for a folder that holds anything, or cannot be made."""
    if Path(name).is_dir():
        if any(Path(name).iterdir()):
            msg = f"{option} {name}: give a new folder, or an empty one"
            raise BadInput(msg)
        return
    writable_folder(str(Path(name)), option)
    if Path(name).exists():
        msg = f"{option} {name}: that is a file; give a new folder"
        raise BadInput(msg)


def picture(file: str, option: str = "--plot") -> None:
    """Raise `BadInput` for a picture that cannot be drawn, for want of matplotlib, a folder or a kind that is known."""
    writable_folder(file, option)
    try:
        interrupts.load("exactnorm.plot")
    except ImportError as missing:
        raise BadInput(str(missing)) from missing
    from exactnorm import plot

    kinds = plot.figure().canvas.get_supported_filetypes()
    if Path(file).suffix.lstrip(".").lower() not in kinds:
        msg = f"{option} {file}: give a file name that ends in .{', .'.join(sorted(kinds))}"
        raise BadInput(msg)
