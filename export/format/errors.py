"""What the person at the command line can mend."""

from __future__ import annotations


class UserError(Exception):
    """Something the user asked for cannot be done; the message is one sentence that says what to change.

    The command line prints the message and ends with exit status 1, without a traceback.
    """
