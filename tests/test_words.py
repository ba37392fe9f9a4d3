"""A reader who has not read the papers meets no word of theirs that is neither explained there nor linked."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
WORDS = {
    r"weight decay": "weight-decay",
    r"representation cost": "representation-cost",
    r"clean points?|noise balls?": "noise-ball",
    r"interpolat(?:es|e|ing)": "noise-ball",
    r"brackets?": "bracket",
    r"certificates?": "certificate",
    r"dual (?:bounds?|matrices|functions?)|multipliers": "dual-bound",
    r"kinks?": "kink",
    r"(?:activation )?patterns?": "activation-pattern",
    r"(?:one-sided )rays?": "ray",
    r"virtual (?:training )?points?": "virtual-training-point",
    r"hyperbox": "hyperbox",
    r"(?:\w+ )?(?:simplex|simplices)": "simplex",
    r"general position|affine rank": "general-position",
    r"ramps?": "ramp",
    r"rest points?|basins?": "rest-point",
    r"score flow|probability flow": "score-flow-probability-flow",
    r"stand-in|(?:empirical )?MMSE": "stand-in",
    r"memoris(?:ed|es|e|ation)": "memorisation-ratio",
    r"bypass|skip connections?": "denoiser",
    r"closed forms?": "closed-form",
    r"minimum-norm|least norm": "representation-cost",
    r"noise radi(?:us|i)": "noise-ball",
    r"convex programs?|cone programs?|semidefinite": "convex-program",
    r"standings?": "standing",
    r"vert(?:ex|ices)": "hyperbox",
    r"orthogonal (?:sets?|data|points|lines)": "simplex",
    r"posterior mean": "stand-in",
    r"schedules?": "score-flow-probability-flow",
    r"affine hull": "general-position",
    r"horizons?": "score-flow-probability-flow",
    r"block programs?": "convex-program",
    r"minimisers?": "minimiser",
    r"index sets?|subset sums?": "virtual-training-point",
    r"early stopping": "hyperbox",
}
NO_PROSE = (
    r"```.*?```|^(?:#| {4}|:label:|```\{)[^\n]*|!\[[^\]]*\]\([^)]*\)|\{[a-z:]+\}`[^`]*`|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$"
)
EXPLAINED = r"\[[^\]]*\]\([^)]*\)|\*\*[^*]+\*\*|\*[^*\n]+\*"
LISTS = ("words.md", "reference.md", "bibliography.md", "changelog.md")
PAGES = [path for path in sorted(DOCS.glob("*.md")) + sorted(DOCS.glob("howto/*.md")) if path.name not in LISTS]


def unexplained(text):
    """Words that first occur on a page in plain prose, with their lines; none where it begins with where they are."""
    if re.search(r"\]\((?:\.\./)?words\.md\)", "\n".join(text.splitlines()[:8])):
        return
    prose = re.sub(NO_PROSE, lambda found: " " * len(found[0]), text, flags=re.DOTALL | re.MULTILINE)
    explained = [found.span() for found in re.finditer(EXPLAINED, prose)]
    for word, entry in WORDS.items():
        first = re.search(rf"(?<![\w-])(?:{word})(?![\w-])", prose, re.IGNORECASE)
        if first is None or any(low <= first.start() < high for low, high in explained):
            continue
        if f"words.md#{entry})" not in text[: first.start()]:
            yield f"{text[: first.start()].count(chr(10)) + 1}: {first[0]}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_word_is_explained_or_linked_where_a_page_has_it_first(page):
    assert list(unexplained(page.read_text(encoding="utf-8"))) == []


def test_the_search_finds_a_bare_word_and_no_other():
    assert list(unexplained("# Kinks\n\n`kinks` and $kink$ and\nkinks.\n")) == ["4: kinks"]
    assert list(unexplained("A [kink](words.md#kink) and kinks; *ramps*, and ramps.")) == []
    assert list(unexplained("What [words](words.md) mean. Kinks and ramps.")) == []


def test_every_entry_that_is_linked_is_there():
    titles = re.findall(r"^## (.*)$", (DOCS / "words.md").read_text(encoding="utf-8"), re.MULTILINE)
    entries = {title.lower().replace(",", "").replace(" ", "-") for title in titles}
    assert set(WORDS.values()) <= entries
