"""Fuzz one reader with atheris.

    pip install atheris && PYTHONPATH=tests python -m fuzz READER FOLDER [-max_total_time=600 ...]

READER is table, npy, npz, saved, proof or network.

FOLDER keeps the inputs that reached something new; what follows it is for libFuzzer. A crash is written to the current
directory: put its bytes into `tests/test_readers_fuzzed.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["exactnorm"], enable_loader_override=False):
    from fuzz.readers import READERS, seeds


def main() -> None:
    reader, corpus = sys.argv[1], Path(sys.argv[2])
    corpus.mkdir(parents=True, exist_ok=True)
    for k, seed in enumerate(seeds()[reader]):
        (corpus / f"seed{k}").write_bytes(seed)
    with TemporaryDirectory() as folder:
        atheris.Setup([sys.argv[0], str(corpus), *sys.argv[3:]], lambda data: READERS[reader](data, Path(folder)))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
