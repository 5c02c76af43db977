"""The stack as its clients see it: names, addresses, and answers to golden requests."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resilience.client import OK, REGION_HEADER, RELEASE_HEADER
from resilience.functions.client_credential import Credential, credential_of
from resilience.golden import PREDICT_PATH, Release, read_release
from resilience.http_client import HttpConnection, HttpError, Reply, Request
from resilience.resolver import NameServer, ResolutionError
from resilience.senses import WELL

if TYPE_CHECKING:
    from pathlib import Path

    from resilience.deployed_stack import DeployedStack
    from resilience.topology import Region, Topology

DNS_WITHIN_S = 2.0
PROBE_WITHIN_S = 2.5


class OutsideError(Exception):
    """What was asked as a client gave no answer."""


@dataclass(frozen=True, kw_only=True)
class Outside:
    """Where clients stand.

    Attributes:
        name_server: Whom they ask for names.
        https_port: Where a load balancer's port 443 is to be found.
        ca_file: An authority to trust besides the system's own; None for no other.
    """

    name_server: tuple[str, int]
    https_port: int = 443
    ca_file: Path | None = None

    def addresses(self, name: str) -> tuple[str, ...]:
        """Resolve a name. Raises `ResolutionError`."""
        server = NameServer(self.name_server, timeout_s=DNS_WITHIN_S)
        return asyncio.run(server.resolve(name)).addresses


@dataclass(frozen=True, kw_only=True)
class Probed:
    """What a golden request came to: served right, or what was wrong instead.

    `release` and `served_by` are what the reply's headers claim; "" without a reply.
    """

    well: bool
    detail: str
    latency_ms: float
    release: str
    served_by: str


def serving(topology: Topology, outside: Outside) -> str:
    """Name the Region that clients are sent to now.

    Raises:
        ResolutionError: the name server did not answer.
        OutsideError: it answered with addresses that are no Region's.
    """
    found = set(outside.addresses(topology.predict_name))
    for region in topology.regions:
        try:
            own = outside.addresses(region.regional_name)
        except ResolutionError:
            continue  # another one's may answer
        if found & set(own):
            return region.region
    raise OutsideError(
        f"{topology.predict_name} leads to {', '.join(sorted(found))}, which no Region's name does"
    )


def verdict(region: Region, zone_name: str, outside: Outside) -> bool:
    """Ask for Route 53's word on a Region's deep check. Raises `ResolutionError`."""
    return outside.addresses(f"verdict.{region.region}.{zone_name}") == (WELL,)


def probe(name: str, release: Release, credential: Credential, outside: Outside) -> Probed:
    """Ask one golden request of a name, on a connection of its own, as a client does.

    Raises:
        ResolutionError: the name leads nowhere.
    """
    address = outside.addresses(name)[0]
    return asyncio.run(_probe(name, address, release, credential, outside))


async def _probe(
    name: str, address: str, release: Release, credential: Credential, outside: Outside
) -> Probed:
    began_s = time.monotonic()

    def came_to(detail: str, reply: Reply | None = None, *, well: bool = False) -> Probed:
        said = {} if reply is None else reply.headers
        return Probed(
            well=well,
            detail=detail,
            latency_ms=round((time.monotonic() - began_s) * 1000, 1),
            release=said.get(RELEASE_HEADER, ""),
            served_by=said.get(REGION_HEADER, ""),
        )

    trust = credential.context
    if outside.ca_file is not None:
        trust.load_verify_locations(outside.ca_file)
    request = Request(
        method="POST",
        host=name,
        path=PREDICT_PATH,
        body=release.golden[0].body,
        headers={"content-type": "application/json", **credential.headers},
    )
    try:
        async with asyncio.timeout(PROBE_WITHIN_S):
            connection = await HttpConnection.open(
                address, outside.https_port, server_name=name, trust=trust
            )
            try:
                reply = await connection.send(request)
            finally:
                connection.abort()
    except TimeoutError:
        return came_to(f"no answer within {PROBE_WITHIN_S:g} s")
    except (HttpError, ssl.SSLError) as error:
        return came_to(str(error))
    if reply.status != OK:
        return came_to(f"status {reply.status}", reply)
    if not release.right(0, reply.body):
        return came_to("a wrong answer, or another release's", reply)
    return came_to("the right answer", reply, well=True)


def release_of(stack: DeployedStack, kept_at: Path) -> Release:
    """Give the release that the stack serves, from this machine or from a Region's own bucket.

    Raises:
        OutsideError: no Region gives it.
    """
    if not kept_at.is_file():
        _fetch(stack, kept_at)
    return read_release(kept_at)


def _fetch(stack: DeployedStack, kept_at: Path) -> None:
    reasons: list[str] = []
    for region in stack.topology.regions:
        try:
            reply = stack.aws.call(
                "s3",
                "get_object",
                region=region.region,
                Bucket=region.release_bucket.name,
                Key=f"releases/{region.function.code_sha256}.zip",
            )
            content: bytes = reply["Body"].read()
        except Exception as error:  # noqa: BLE001 - a body may break off in botocore's own ways
            reasons.append(f"{region.region}: {error}")
            continue
        kept_at.parent.mkdir(parents=True, exist_ok=True)
        partial = kept_at.with_suffix(".part")
        partial.write_bytes(content)
        partial.replace(kept_at)
        return
    raise OutsideError(f"no Region gives its release to hold answers against ({reasons[0]})")


def credential_for(stack: DeployedStack) -> Credential:
    """Give what the stack's own clients show, from a Region that answers.

    Raises:
        OutsideError: it needs one, and no Region gives it.
    """
    topology = stack.topology
    listener = topology.regions[0].listener
    if listener.tokens is None and not listener.client_certificates:
        return Credential()
    name = f"{topology.project}-{topology.stack}-canary"
    reasons: list[str] = []
    for region in topology.regions:
        try:
            reply = stack.aws.call(
                "secretsmanager", "get_secret_value", region=region.region, SecretId=name
            )
            return credential_of(name, json.loads(reply["SecretString"]))
        except Exception as error:  # noqa: BLE001 - a secret may hold anything
            reasons.append(f"{region.region}: {error}")
    raise OutsideError(f"no Region gives the clients' credential ({reasons[0]})")
