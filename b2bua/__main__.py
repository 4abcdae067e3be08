"""`python -m b2bua` is the `switch400` command."""

from b2bua.cli import main

main(prog_name="switch400")
