"""The command and its stub of a portal, as the tests of the command line have them."""

from tests.cli.conftest import _quick, cli, stub

__all__ = ["_quick", "cli", "stub"]
