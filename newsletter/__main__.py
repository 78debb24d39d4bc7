"""The console command, also as `python -m newsletter`."""

import sys

from newsletter.cli import run


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run())


if __name__ == "__main__":
    main()
