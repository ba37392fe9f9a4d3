"""What the reference says of public names beyond its directives: a table for each room, and names it forgot."""

import importlib
import inspect
import re
from pathlib import Path

import exactnorm

REFERENCE = Path(__file__).with_name("reference.md")


def write_undescribed(file):
    """Write a section with the public names that reference.md does not mention, and return its text."""
    reference = REFERENCE.read_text(encoding="utf-8")
    directives = [line.split("::")[1].strip() for line in reference.splitlines() if line.startswith(".. auto")]
    missing = {f"exactnorm.{name}": getattr(exactnorm, name) for name in exactnorm.__all__ if name not in directives}
    flows = {f"exactnorm.flow.{name}": getattr(exactnorm.flow, name) for name in exactnorm.flow.__all__}
    missing |= {
        name: value
        for name, value in flows.items()
        if callable(value) and not {name, name.rsplit(".", 1)[1]} & set(directives)
    }
    text = "".join(
        f".. auto{'class' if inspect.isclass(value) else 'function'}:: {name}\n\n" for name, value in missing.items()
    )
    text = f"## More\n\n```{{eval-rst}}\n{text}```\n" if missing else ""
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return text


def write_summaries(folder):
    """Write, for each room of reference.md, a table of its names with the first sentence of each docstring."""
    folder.mkdir(exist_ok=True)
    module = "exactnorm"
    for section in re.split(r"^#{2,3} ", REFERENCE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        rows = ["| name | what it is |", "|---|---|"]
        for directive, name in re.findall(r"^\.\. (\w+):: ([\w.]+)$", section, flags=re.MULTILINE):
            if directive == "currentmodule":
                module = name
            elif directive == "automodule":
                hidden = re.findall(r":exclude-members: (.*)", section)
                rows += [row(f"{name}.{one}") for one in members(name) if shown(name, one, hidden)]
            else:
                rows.append(row(name if name.startswith("exactnorm.") else f"{module}.{name}"))
        slug = section.splitlines()[0].lower().replace(" ", "-").replace(",", "")
        (folder / f"{slug}.md").write_text("\n".join(rows) + "\n", encoding="utf-8")


def shown(module, name, hidden):
    """Whether a module's member is described: what can be called and is not left out."""
    return callable(getattr(importlib.import_module(module), name)) and name not in ", ".join(hidden).split(", ")


def members(module):
    """The public names of a module, in the order of its own list, or else those that it defines."""
    found = importlib.import_module(module)
    own = [name for name, value in vars(found).items() if getattr(value, "__module__", "") == module and name[0] != "_"]
    return getattr(found, "__all__", own)


def row(name):
    """One name with the first sentence of its docstring."""
    module, last = name.rsplit(".", 1)
    text = inspect.getdoc(getattr(importlib.import_module(module), last)) or ""
    first = re.split(r"(?<=\.)\s|\n\n", text.replace("|", "\\|"), maxsplit=1)[0].replace("\n", " ").rstrip(":")
    parts = re.split(r"(`+[^`]*`+)", first.replace("``", "`"))
    for mark, role in (("_", "sub"), (r"\^", "sup")):  # indices and powers, as conf.py sets them in docstrings
        pattern = rf"((?<![\w`])[^\W\d_]|[\])]){mark}(?:\{{([^{{}}]+)\}}|([^\W_]|\+))(?!\w)"
        parts = [p if p.startswith("`") else re.sub(pattern, rf"\1{{{role}}}`\2\3`", p) for p in parts]
        parts = re.split(r"(`+[^`]*`+)", "".join(parts))
    return f"| {{py:obj}}`{last} <{name}>` | {''.join(parts)} |"
