"""Small real servers on loopback: a name server whose answers change, and an HTTPS Region."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import dns.edns
import dns.message
import dns.rrset

from emulator.certificates import Authority
from resilience.golden import Golden, Release

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator
    from pathlib import Path

NAME = "predict.test.example"
RELEASE = "a" * 64
PREDICTIONS = [{"label": "benign", "probabilities": {"benign": 0.75, "malignant": 0.25}}]
GOLDEN = Release(
    digest=RELEASE,
    golden=(Golden(b'{"rows": [[1]]}', PREDICTIONS), Golden(b'{"rows": [[2]]}', PREDICTIONS)),
)


@dataclass
class Names(asyncio.DatagramProtocol):
    """Answers every A query for a name with what `answers` holds now."""

    answers: dict[str, tuple[str, list[str], int]]
    asked: int = 0
    subnets: list[str] = field(default_factory=list)
    transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked += 1
        query = dns.message.from_wire(data)
        response = dns.message.make_response(query)
        self.subnets += [
            f"{option.address}/{option.srclen}"
            for option in query.options
            if isinstance(option, dns.edns.ECSOption)
        ]
        name = query.question[0].name.to_text(omit_final_dot=True)
        while name in self.answers:
            kind, values, ttl = self.answers[name]
            response.answer.append(dns.rrset.from_text(f"{name}.", ttl, "IN", kind, *values))
            if kind != "CNAME":
                break
            name = values[0].rstrip(".")
        assert self.transport is not None
        self.transport.sendto(response.to_wire(), addr)


@asynccontextmanager
async def name_server(
    answers: dict[str, tuple[str, list[str], int]],
) -> AsyncGenerator[tuple[Names, tuple[str, int]]]:
    transport, names = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Names(answers), local_addr=("127.0.0.1", 0)
    )
    try:
        yield names, transport.get_extra_info("sockname")[:2]
    finally:
        transport.close()


@dataclass
class RegionServer:
    """An HTTPS server that answers predictions; its behaviour can be changed while it runs."""

    region: str
    delay_s: float = 0.0
    release: str = RELEASE
    status: int = 200
    hang_from: float = float("inf")
    connections: int = 0
    requests: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        try:
            while await self.answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        await reader.readexactly(length)
        self.requests += 1
        if self.requests > self.hang_from:
            await asyncio.sleep(3600)
        await asyncio.sleep(self.delay_s)
        body = json.dumps({"predictions": PREDICTIONS, "release": self.release}).encode()
        writer.write(
            f"HTTP/1.1 {self.status} X\r\ncontent-length: {len(body)}\r\n"
            f"x-understudy-region: {self.region}\r\n"
            f"x-understudy-release: {self.release}\r\n\r\n".encode()
            + body
        )
        await writer.drain()
        return True

    def drop_connections(self) -> None:
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()


@asynccontextmanager
async def region_server(
    server: RegionServer, address: str, port: int, tls: ssl.SSLContext
) -> AsyncGenerator[int]:
    listening = await asyncio.start_server(server.serve, address, port, ssl=tls)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        server.drop_connections()


def authority(folder: Path) -> Authority:
    return Authority(folder)
