"""Nothing leaves this machine: an audit hook that refuses every address but loopback.

The hook sees Python's own sockets (https://docs.python.org/3/library/audit_events.html); it is a
guard against accidents, not a jail. It cannot be removed once installed. Standard library only,
and nothing of ours imported: `SNIPPET` carries this file into child processes that start with an
empty `sys.path` (Lambda workers).
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from pathlib import Path

_ADDRESS_EVENTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"})
_NAME_EVENTS = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_REVERSE_EVENTS = frozenset({"socket.gethostbyaddr", "socket.getnameinfo"})
# What /etc/hosts answers by itself; any other reverse lookup would ask a resolver.
_IN_HOSTS_FILE = frozenset({"127.0.0.1", "::1", "localhost"})

_state = {"installed": False}


class LoopbackOnlyError(PermissionError):
    """Something tried to reach an address outside this machine.

    An `OSError`, so that code under the guard meets it as it would meet a network that is not
    there.
    """

    def __init__(self, event: str, address: object) -> None:
        super().__init__(
            f"{event} to {address!r} refused: only loopback addresses (127.0.0.0/8, ::1, "
            "localhost) are reachable here; point the client at the emulator's endpoint"
        )
        self.event = event
        self.address = address


def only_loopback() -> None:
    """Refuse, from now on in this process, every address but loopback. Idempotent."""
    if not _state["installed"]:
        _state["installed"] = True
        sys.addaudithook(_refuse_the_rest)


def _refuse_the_rest(event: str, args: tuple[object, ...]) -> None:
    if not event.startswith("socket."):
        return
    if event in _ADDRESS_EVENTS:
        sock, address = args
        family = getattr(sock, "family", None)
        if family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(_host_of(address)):
            raise LoopbackOnlyError(event, address)
    elif event in _NAME_EVENTS:
        if args[0] is not None and not _is_loopback(args[0]):
            raise LoopbackOnlyError(event, args[0])
    elif event in _REVERSE_EVENTS and _host_of(args[0]) not in _IN_HOSTS_FILE:
        raise LoopbackOnlyError(event, args[0])


def _host_of(address: object) -> object:
    """The host in a socket address; a connected socket's `None` stands for its own peer."""
    if address is None:
        return "localhost"
    if isinstance(address, tuple) and address:
        return address[0]  # pyright: ignore[reportUnknownVariableType]  # any socket address
    return address


def _is_loopback(host: object) -> bool:
    if isinstance(host, bytes | bytearray):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str):
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False  # a name: looking it up would leave the machine


def _snippet() -> str:
    try:
        source = Path(__file__).read_text(encoding="utf-8")
    except (NameError, OSError):
        return ""  # running as the snippet itself, which needs no further copy
    return (
        f"exec(compile({source!r}, 'loopback guard', 'exec'), "
        "_guard := {'__name__': 'loopback_guard'}); _guard['only_loopback']()\n"
    )


SNIPPET = _snippet()
"""One line of Python that installs the guard in a child; put it before the child's own code."""
