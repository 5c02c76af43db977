"""What ends a restore before its end."""

from __future__ import annotations


class RestoreError(Exception):
    """A restore that cannot go on.

    RestoreError
     +-- RestoreRefusedError  nothing was begun: the way out is in the message
     +-- RestoreFailedError   AWS could not do it, or not in time: what is there is not restored
    """


class RestoreRefusedError(RestoreError):
    """Nothing was begun."""


class RestoreFailedError(RestoreError):
    """It was begun, and did not come to its end."""
