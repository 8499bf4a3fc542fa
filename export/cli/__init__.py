"""The command line."""

from export.cli.main import app

__all__ = ["app"]
