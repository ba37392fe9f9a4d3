"""Run the attack and print how many mutants were unreadable, refuted, undecided or supported.

PYTHONPATH=tests python -m attack [--every K] [--seed S]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from attack.run import attack, table
from attack.targets import targets
from attack.verdict import LARGEST_SHARE


def main() -> int:
    """Run the attack and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, metavar="K", help="every K-th mutant only")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of what is changed at random (default: 0)")
    arguments = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        by_change, by_target, won = attack(arguments.every, targets(Path(folder)), Path(folder), arguments.seed)
    sys.stdout.write(table(by_change) + "\n" + table(by_target) + "\n")
    sys.stdout.write("".join(f"{one}\n" for one in won))
    sys.stdout.write(f"memory: at most {LARGEST_SHARE[0]:.1f} times the file and a constant\n")
    sys.stdout.write(f"{sum(by_change.values())} mutants, {len(won)} won, {time.monotonic() - start:.0f} s\n")
    return 1 if won else 0


if __name__ == "__main__":
    raise SystemExit(main())
