"""Keeps the topology of a deployed stack as it was read last, for the day that it cannot be read.

One file a stack in the user's cache folder, under its account (and its endpoint, if that is not
AWS's own: an emulator's account is nobody else's). A reader never sees half of one.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resilience.journal import write_atomically
from resilience.topology import Topology, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A stack as it was read: whose it is, when that was, its identifiers and its topology."""

    account: str
    seen_at: datetime
    outputs: Mapping[str, Any]
    topology: Topology


class TopologyCache:
    """The kept topologies of one endpoint.

    Args:
        environment: `XDG_CACHE_HOME` names the user's cache folder (`~/.cache` without it), and
            `AWS_ENDPOINT_URL` an endpoint that is not AWS's own.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        home = environment.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
        endpoint = environment.get("AWS_ENDPOINT_URL")
        place = "aws" if not endpoint else hashlib.sha256(endpoint.encode()).hexdigest()[:12]
        self.folder = Path(home) / "understudy" / place

    def keep(self, kept: Kept) -> None:
        """Write one over the one that was there. A folder that cannot be written keeps nothing."""
        content = {
            "version": VERSION,
            "account": kept.account,
            "seen_at": kept.seen_at.isoformat(),
            "outputs": dict(kept.outputs),
            "topology": json.loads(to_json(kept.topology)),
        }
        try:
            write_atomically(
                self._path(kept.account, kept.topology.stack), json.dumps(content, indent=1) + "\n"
            )
        except OSError:
            return  # a full or read-only disk must not keep anybody from a screen

    def all_of(self, stack: str) -> tuple[Kept, ...]:
        """Give what is kept of a stack, one an account; what cannot be read is not kept."""
        found: list[Kept] = []
        for path in sorted(self.folder.glob(f"*/{stack}.json")):
            try:
                found.append(_kept(json.loads(path.read_text(encoding="utf-8"))))
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return tuple(found)

    def release(self, code_sha256: str) -> Path:
        """Name the place of a release's zip: its content never changes."""
        return self.folder / "releases" / f"{os.path.basename(code_sha256)}.zip"  # noqa: PTH119 - a name, not a path

    def _path(self, account: str, stack: str) -> Path:
        return self.folder / account / f"{stack}.json"


def _kept(content: Any) -> Kept:
    if content["version"] != VERSION:
        raise ValueError(content["version"])
    return Kept(
        account=str(content["account"]),
        seen_at=datetime.fromisoformat(content["seen_at"]).astimezone(UTC),
        outputs=content["outputs"],
        topology=from_json(json.dumps(content["topology"])),
    )
