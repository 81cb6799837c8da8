"""Banc, ``python -m banc``: the command line."""

from banc.cli import main

main()
