"""Sphinx configuration: builds with -W and loads nothing from the network, neither when built nor when viewed."""

import re
import sys
import warnings
from pathlib import Path

import exactnorm

sys.path.insert(0, str(Path(__file__).parent))
from public_names import write_summaries, write_undescribed

write_undescribed(Path(__file__).parent / "generated" / "more.md")
write_summaries(Path(__file__).parent / "generated")

project = "exactnorm"
author = "The exactnorm authors"
copyright = "2026, the exactnorm authors"
version = release = exactnorm.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
    "sphinx_proof",
    "sphinx-mathjax-offline",
]
exclude_patterns = ["_build", "generated", "gallery/**/*.ipynb", "gallery/**/*.py", "sg_execution_times.rst"]
nitpicky = False

html_theme = "furo"
html_title = "exactnorm"
html_static_path = ["_static"]
html_css_files = ["narrow.css"]
html_copy_source = False
html_show_sourcelink = False

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_ivar = True

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "plain"

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "min_reported_time": 1e9,
    "remove_config_comments": True,
    "matplotlib_animations": False,
}
# Agg cannot show a window, and sphinx-gallery shows the pictures itself.
warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive", category=UserWarning)


def setup(app):
    app.connect("autodoc-process-docstring", escape_bars)
    app.connect("autodoc-process-docstring", set_indices)
    app.connect("autodoc-process-docstring", keep_first_colon, priority=100)


def escape_bars(_app, _what, _name, _obj, _options, lines):
    """|x| means an absolute value in this package's docstrings, not a reStructuredText substitution."""
    for n, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = re.split(r"(`+[^`]*`+)", line)
            lines[n] = "".join(part if part.startswith("`") else part.replace("|", r"\|") for part in parts)


def set_indices(_app, _what, _name, _obj, _options, lines):
    """x_0, x_{N-1} and R^d are set as indices and powers; what stands in backquotes, in types and in code stays."""
    for n, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...", ":type", ":rtype", "..")):
            parts = re.split(r"(`+[^`]*`+_*)", line)
            for mark, role in (("_", "sub"), (r"\^", "sup")):
                pattern = rf"((?<![\w`])[^\W\d_]|[\])]){mark}(?:\{{([^{{}}]+)\}}|([^\W_]|\+))(?!\w)"
                parts = [
                    part if part.startswith("`") else re.sub(pattern, rf"\1\\ :{role}:`\2\3`\\ ", part)
                    for part in parts
                ]
                parts = re.split(r"(`+[^`]*`+_*)", "".join(parts))
            lines[n] = "".join(parts)


def keep_first_colon(_app, what, _name, _obj, _options, lines):
    """A property's docstring may have a colon in its first line; napoleon would take what precedes it for a type."""
    if what in ("property", "attribute") and lines:
        lines[0] = lines[0].replace(": ", " – ", 1)
