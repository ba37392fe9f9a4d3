"""The end of the reference: public names that its sections do not describe yet."""

import inspect
from pathlib import Path

import exactnorm


def write_undescribed(file):
    """Write a section with the public names that reference.md does not mention, and return its text."""
    reference = Path(__file__).with_name("reference.md").read_text(encoding="utf-8")
    directives = [line.split("::")[1].strip() for line in reference.splitlines() if line.startswith(".. auto")]
    missing = [name for name in exactnorm.__all__ if name not in directives]
    text = "".join(
        f".. auto{'class' if inspect.isclass(getattr(exactnorm, name)) else 'function'}:: exactnorm.{name}\n\n"
        for name in missing
    )
    text = f"## More\n\n```{{eval-rst}}\n{text}```\n" if missing else ""
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return text
