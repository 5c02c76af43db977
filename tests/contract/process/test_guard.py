"""Nothing leaves the machine: not from the tests, not from the emulator, not from its children."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from emulator import guard
from emulator.guard import LoopbackOnlyError

OUTSIDE = "192.0.2.1"  # TEST-NET-1: routed nowhere

PROBE = f"""
import socket
def tried(act):
    try:
        act()
    except OSError as error:
        return type(error).__name__
    return "passed"
def bind_everywhere():
    with socket.socket() as sock:
        sock.bind(("", 0))
def bind_loopback():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
print(tried(bind_everywhere), tried(bind_loopback),
      tried(lambda: socket.getaddrinfo("{OUTSIDE}", 80)))
"""


def run(code: str) -> list[str]:
    """What a bare interpreter, as Lambda workers have it, prints."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout.split()


def test_connecting_outside_is_refused_and_names_the_address() -> None:
    with socket.socket() as sock, pytest.raises(LoopbackOnlyError, match=OUTSIDE) as refused:
        sock.connect((OUTSIDE, 80))
    assert refused.value.address == (OUTSIDE, 80), "the address is a field too"


def test_looking_up_a_name_is_refused() -> None:
    with pytest.raises(LoopbackOnlyError, match=r"example\.com"):
        socket.getaddrinfo("example.com", 443)
    with pytest.raises(LoopbackOnlyError, match=r"example\.com"):
        socket.gethostbyname("example.com")


def test_sending_a_datagram_outside_is_refused() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        pytest.raises(LoopbackOnlyError, match=OUTSIDE),
    ):
        sock.sendto(b"x", (OUTSIDE, 53))


def test_listening_on_every_interface_is_refused() -> None:
    with socket.socket() as sock, pytest.raises(LoopbackOnlyError, match=r"''"):
        sock.bind(("", 0))


def test_loopback_and_unix_sockets_pass() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()
    first, second = socket.socketpair()
    first.close()
    second.close()
    assert socket.getaddrinfo("localhost", 80), "localhost is answered by this machine"


def test_without_the_guard_the_probe_sees_nothing_refused() -> None:
    assert run(PROBE) == ["passed", "passed", "passed"], (
        "the probe must fail without the guard, or it proves nothing"
    )


def test_the_snippet_guards_a_child_with_an_empty_path() -> None:
    refused = "LoopbackOnlyError"
    assert run(guard.SNIPPET + PROBE) == [refused, "passed", refused], (
        "children carry the guard as source, for they cannot import it"
    )
