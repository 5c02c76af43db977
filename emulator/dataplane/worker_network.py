"""The network as a function sees it: names from the emulated DNS, load balancers at their ports.

In Lambda a function resolves names in public zones and reaches them at their own ports. Here the
zones are the emulator's, and privileged ports are served 8000 higher (`emulator.addresses`). Both
are put into `socket.getaddrinfo`, through which every Python client finds where to connect; what
the function itself says (URL, host header, server name) stays as it is in AWS.

Loaded by path, into a worker, when its package first imports `socket`: a package that opens no
connections does not pay for it. Nothing of the emulator is on its path.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

DNS_TIMEOUT_S = 2.0
PRIVILEGED_BELOW = 1024
PORT_SHIFT = 8000

_HEADER_BYTES = 12
_ANSWER_BYTES = 4096
_POINTER = 0xC0
_A_RECORD = 1
_RECORD_HEAD_BYTES = 10  # type, class, TTL and length of a resource record


def install(dns: tuple[str, int]) -> None:
    """Look names up in the emulated DNS from now on in this process."""
    own = socket.getaddrinfo

    def getaddrinfo(
        host: Any,
        port: Any,
        family: int = 0,
        type: int = 0,  # noqa: A002  # its name there
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        name = host.decode("ascii") if isinstance(host, bytes) else host
        if name is None or name == "localhost" or _is_address(name):
            return own(host, port, family, type, proto, flags)
        if family == socket.AF_INET6:
            raise socket.gaierror(socket.EAI_NONAME, f"{name} has no IPv6 address here")
        found: list[Any] = []
        for address in addresses(name, _ask_over_udp(dns)):
            if not address.startswith("127."):
                # An answer may be all that is wanted; who connects there is refused.
                stream = type or socket.SOCK_STREAM
                found.append((socket.AF_INET, stream, proto, "", (address, int(port or 0))))
                continue
            # A literal address needs no resolver; the standard library fills in the socket types.
            found += own(address, served_port(address, port), socket.AF_INET, type, proto)
        return found

    socket.getaddrinfo = getaddrinfo


def served_port(address: str, port: Any) -> Any:
    """The port that a listener is served on: privileged ones are moved up on loopback."""
    number = int(port) if isinstance(port, str) and port.isdecimal() else port
    if isinstance(number, int) and 0 < number < PRIVILEGED_BELOW and address.startswith("127."):
        return number + PORT_SHIFT
    return number


def addresses(name: str, ask: Callable[[bytes], bytes]) -> list[str]:
    """IPv4 addresses of a name.

    Raises:
        socket.gaierror: the name has none, or nobody answers.
    """
    try:
        answer = ask(question(name))
    except OSError as error:
        raise socket.gaierror(socket.EAI_AGAIN, f"no answer for {name}: {error}") from error
    found = a_records(answer)
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, f"{name} has no address in the emulated DNS")
    return found


def question(name: str) -> bytes:
    """A DNS query for a name's A records (RFC 1035, 4.1)."""
    labels = name.rstrip(".").encode("ascii").split(b".")
    wire = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return os.urandom(2) + b"\x01\0" + b"\0\1\0\0\0\0\0\0" + wire + b"\0\1\0\1"


def a_records(answer: bytes) -> list[str]:
    """The A records of a DNS answer, which has followed canonical names already."""
    questions = int.from_bytes(answer[4:6], "big")
    records = int.from_bytes(answer[6:8], "big")
    place = _HEADER_BYTES
    for _ in range(questions):
        place = _after_name(answer, place) + 4
    found: list[str] = []
    for _ in range(records):
        place = _after_name(answer, place)
        kind = int.from_bytes(answer[place : place + 2], "big")
        end = place + _RECORD_HEAD_BYTES
        length = int.from_bytes(answer[end - 2 : end], "big")
        if kind == _A_RECORD:
            found.append(socket.inet_ntoa(answer[end : end + length]))
        place = end + length
    return found


def _after_name(message: bytes, place: int) -> int:
    while message[place]:
        if message[place] & _POINTER == _POINTER:
            return place + 2
        place += message[place] + 1
    return place + 1


def _ask_over_udp(dns: tuple[str, int]) -> Callable[[bytes], bytes]:
    def ask(query: bytes) -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
            connection.settimeout(DNS_TIMEOUT_S)
            connection.connect(dns)
            connection.send(query)
            while True:
                answer = connection.recv(_ANSWER_BYTES)
                if answer[:2] == query[:2]:
                    return answer

    return ask


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
