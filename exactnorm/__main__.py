"""`python -m exactnorm`."""

import sys

from exactnorm.cli import main

if __name__ == "__main__":
    sys.exit(main())
