"""The console command, also as `python -m newsletter`."""

import gc
import sys

from newsletter.cli import run


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.set_threshold(20_000, 10, 10)  # garbage is seldom: looking for it took a tenth of a start
    sys.exit(run())


if __name__ == "__main__":
    main()
