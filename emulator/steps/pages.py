"""Long answers in pages: `maxResults` and `nextToken`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from emulator.steps.errors import refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.steps.state import Values

DEFAULT: Final = 100


def page(member: str, items: Sequence[Any], params: Values) -> Values:
    """The items that a call asks for, and the token of those that follow.

    Raises:
        ServiceError: The token is none that was given.
    """
    token = str(params.get("nextToken", "0"))
    if not token.isdecimal():
        raise refused("InvalidToken", f"Invalid Token: {token!r}")
    begin = int(token)
    end = begin + (params.get("maxResults") or DEFAULT)
    more = {"nextToken": str(end)} if end < len(items) else {}
    return {member: list(items[begin:end]), **more}
