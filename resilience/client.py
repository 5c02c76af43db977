"""One simulated client: its own DNS cache, its own connections, one deadline a request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resilience.credentials import Credential, Nothing
from resilience.golden import PREDICT_PATH, Release
from resilience.http_client import HttpConnection, HttpError, Reply, Request
from resilience.records import Connection, Outcome
from resilience.resolver import CachingResolver, ResolutionError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from random import Random

OK = 200
REGION_HEADER = "x-understudy-region"
RELEASE_HEADER = "x-understudy-release"


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where clients send predictions, whom they trust there, and what is right to answer."""

    name: str
    port: int
    trust: ssl.SSLContext
    release: Release
    credential: Credential = field(default_factory=Nothing)

    def question(self, host: str, index: int, headers: Mapping[str, str] | None = None) -> Request:
        """Make golden request `index` to the name a client believes it talks to."""
        return Request(
            method="POST",
            host=host,
            path=PREDICT_PATH,
            body=self.release.golden[index].body,
            headers={
                "content-type": "application/json",
                **self.credential.headers(),
                **(headers or {}),
            },
        )


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What one request came to."""

    outcome: Outcome
    address: str | None = None
    reply: Reply | None = None


class Client:
    """Sends golden requests and judges the answers.

    A `KEPT` client reuses idle connections and asks DNS only when it has none, as most HTTP
    libraries do, so DNS alone does not move it while its connections work; a `FRESH` one opens a
    connection for each request. A kept connection that turns out closed is retried once on a new
    one: every HTTP library does, and an answer is a pure function of release and request.
    """

    def __init__(
        self,
        number: int,
        connection: Connection,
        *,
        target: Target,
        resolver: CachingResolver,
        random: Random,
    ) -> None:
        self.number = number
        self.connection = connection
        self._target = target
        self._resolver = resolver
        self._random = random
        self._idle: list[HttpConnection] = []

    async def ask(self, index: int, request_id: str, timeout_s: float) -> Attempt:
        """Send golden request `index`; never raises for what a network can do."""
        target = self._target
        request = target.question(target.name, index, {"x-request-id": request_id})
        trace = _Trace()
        try:
            async with asyncio.timeout(timeout_s):
                reply = await self._send(request, trace)
        except TimeoutError:
            return Attempt(outcome=Outcome.TIMEOUT, address=trace.address)
        except ResolutionError:
            return Attempt(outcome=Outcome.NO_ADDRESS)
        except HttpError:
            return Attempt(outcome=Outcome.NO_CONNECTION, address=trace.address)
        return Attempt(
            outcome=_judge(reply, target.release, index), address=trace.address, reply=reply
        )

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().abort()

    async def _send(self, request: Request, trace: _Trace) -> Reply:
        kept = self._kept()
        if kept is not None:
            try:
                return await self._exchange(kept, request, trace)
            except HttpError:
                pass  # closed while idle: retry once on a new connection
        return await self._exchange(await self._open(trace), request, trace)

    def _kept(self) -> HttpConnection | None:
        """Take an idle connection that still works."""
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable:
                return connection
            connection.abort()
        return None

    async def _open(self, trace: _Trace) -> HttpConnection:
        """Connect to one of the name's addresses, the next when one refuses."""
        answer = await self._resolver.resolve(self._target.name)
        addresses = self._random.sample(answer.addresses, len(answer.addresses))
        refused: HttpError | None = None
        for address in addresses:
            trace.address = address
            try:
                return await HttpConnection.open(
                    address,
                    self._target.port,
                    server_name=self._target.name,
                    trust=self._target.trust,
                )
            except HttpError as error:
                refused = error
        raise refused or HttpError(f"{self._target.name} resolved to no address")

    async def _exchange(self, connection: HttpConnection, request: Request, trace: _Trace) -> Reply:
        trace.address = connection.address
        try:
            reply = await connection.send(request)
        except BaseException:
            connection.abort()
            raise
        if self.connection is Connection.KEPT and connection.reusable:
            self._idle.append(connection)
        else:
            connection.abort()
        return reply


@dataclass
class _Trace:
    """Where a request has got to, known even when its deadline passes."""

    address: str | None = None


def _judge(reply: Reply, release: Release, index: int) -> Outcome:
    if reply.status != OK:
        return Outcome.BAD_STATUS
    return Outcome.GOOD if release.right(index, reply.body) else Outcome.WRONG_ANSWER
