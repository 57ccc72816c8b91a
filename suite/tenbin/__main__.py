"""Run the command line as `python -m tenbin`."""

from tenbin.cli import main

main()
