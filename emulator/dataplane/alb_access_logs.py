"""Access logs of load balancers: one line a request, one file a node and five minutes.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html.
Files end with the emulated minutes and are delivered at once, where AWS is only eventually there;
what TLS agreed on, the certificate and the classification are written as `-`.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from emulator.clock import Clock
    from emulator.dataplane.alb_handling import Handling
    from emulator.store import LoadBalancer

EVERY_S: Final = 300.0
Keep = Callable[[str, str, bytes], None]
"""Stores an object: bucket, key, body."""


@dataclass(frozen=True, kw_only=True)
class _File:
    """Where lines are gathered: one node of one load balancer, until the minutes end."""

    bucket: str
    prefix: str
    load_balancer: str
    node: str
    until_s: float

    def key(self, body: bytes) -> str:
        """The object's key, in AWS's form."""
        _, _, _, region, account, rest = self.load_balancer.split(":", 5)
        end = datetime.fromtimestamp(self.until_s, UTC)
        name = rest.removeprefix("loadbalancer/").replace("/", ".")
        folder = f"{self.prefix}/" if self.prefix else ""
        return (
            f"{folder}AWSLogs/{account}/elasticloadbalancing/{region}/{end:%Y/%m/%d}/"
            f"{account}_elasticloadbalancing_{region}_{name}_{end:%Y%m%dT%H%MZ}_{self.node}_"
            f"{hashlib.sha256(body).hexdigest()[:8]}.log.gz"
        )


class AccessLogs:
    """Gathers lines and delivers them."""

    def __init__(self, clock: Clock, keep: Keep | None) -> None:
        self._clock = clock
        self._keep = keep
        self._lines: defaultdict[_File, list[str]] = defaultdict(list)

    def note(self, balancer: LoadBalancer, node: str, handled: Handling) -> None:
        """Take down one request, if the load balancer keeps logs."""
        if not balancer.access_log_bucket:
            return
        until_s = (handled.done_at_s // EVERY_S + 1) * EVERY_S
        file = _File(
            bucket=balancer.access_log_bucket,
            prefix=balancer.access_log_prefix,
            load_balancer=balancer.arn,
            node=node,
            until_s=until_s,
        )
        self._lines[file].append(line(balancer, handled))

    async def run(self) -> None:
        """Deliver files as their minutes end, until cancelled."""
        while True:
            now_s = self._clock.now_s()
            await self._clock.sleep((now_s // EVERY_S + 1) * EVERY_S - now_s)
            await asyncio.to_thread(self.deliver)

    def deliver(self) -> None:
        """Deliver every file whose minutes have ended; a bucket that has gone takes none."""
        for file in [each for each in self._lines if each.until_s <= self._clock.now_s()]:
            lines = self._lines.pop(file)
            body = gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0)
            if self._keep is not None:
                self._keep(file.bucket, file.key(body), body)


def line(balancer: LoadBalancer, handled: Handling) -> str:
    """One line, its fields in AWS's order."""
    request, response = handled.request, handled.response
    status = str(response.status) if response else "-"
    target_status = str(handled.target_status or "-")
    url = f"{request.scheme}://{request.header('host') or '-'}:{request.port}{request.target}"
    done = datetime.fromtimestamp(handled.done_at_s, UTC)
    came = datetime.fromtimestamp(handled.came_at_s, UTC)
    took = ("-1", "-1", "-1")
    if handled.target_s is not None:
        took = ("0.000", f"{handled.target_s:.3f}", "0.000")
    fields = (
        request.scheme,
        _moment(done),
        balancer.arn.partition(":loadbalancer/")[2],
        f"{request.client_ip}:{request.client_port}",
        "-",  # Lambda targets have no address
        *took,
        status,
        target_status,
        str(len(request.body)),
        str(len(response.body) if response else 0),
        _quoted(f"{request.method} {url} HTTP/1.1"),
        _quoted(request.header("user-agent")),
        "-",
        "-",
        handled.target_group_arn or "-",
        _quoted(handled.trace_id),
        _quoted((request.header("host") or "").partition(":")[0]),
        _quoted(None),
        "-" if handled.rule_priority is None else str(handled.rule_priority),
        _moment(came),
        _quoted(",".join(handled.actions)),
        _quoted(handled.redirect_url),
        _quoted(handled.error_reason),
        _quoted(None),
        _quoted(target_status),
        _quoted(None),
        _quoted(None),
        "-",
    )
    return " ".join(fields)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


def _quoted(text: str | None) -> str:
    escaped = (text or "-").replace("\\", "\\\\").replace('"', "\\x22")
    return f'"{escaped}"'
