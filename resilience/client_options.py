"""From where a command asks a stack as its clients do: the options that say so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from resilience.resolver import DNS_PORT

HTTPS_PORT: Final = 443

NameServerOption = Annotated[
    str | None,
    typer.Option(
        help="HOST:PORT of the name server to ask as a client; this machine's own unless given.",
        envvar="UNDERSTUDY_NAME_SERVER",
        show_default=False,
    ),
]
HttpsPortOption = Annotated[
    int,
    typer.Option(
        help="Where port 443 of the load balancers is to be found (an emulator has another).",
        envvar="UNDERSTUDY_HTTPS_PORT",
        min=1,
        max=65535,
    ),
]
CaFileOption = Annotated[
    Path | None,
    typer.Option(
        help="An authority to trust besides the system's own (an emulator has one).",
        envvar="UNDERSTUDY_CA_FILE",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]


def server_named(given: str | None) -> tuple[str, int] | None:
    """Read HOST or HOST:PORT; None stays None.

    Raises:
        typer.BadParameter: it is neither.
    """
    if given is None:
        return None
    host, colon, port = given.rpartition(":")
    if not colon:
        return given, DNS_PORT
    if not port.isdecimal() or not host:
        raise typer.BadParameter(
            f"got {given!r}; expected HOST or HOST:PORT, for example 127.0.0.1:5300",
            param_hint="--name-server",
        )
    return host, int(port)
