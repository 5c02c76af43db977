"""The port: everything that a drill touches, on a laptop and in Lambda alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from resilience.records import Probe

EXPIRED: Final = frozenset(
    {
        *("ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId"),
        *("UnrecognizedClientException", "InvalidAccessKeyId", "NoCredentials"),
    }
)
"""What AWS says to credentials that do not count any more."""


class CallError(Exception):
    """A call that AWS refused (`code`), or that got no answer (`code` is empty)."""

    def __init__(self, what: str, code: str, explanation: str) -> None:
        super().__init__(f"{what}: {code or 'no answer'}: {explanation}")
        self.code = code

    @property
    def absent(self) -> bool:
        """Whether AWS says that the thing is not there."""
        return self.code == "404" or self.code.startswith("NoSuch") or "NotFound" in self.code

    @property
    def expired(self) -> bool:
        """Whether the credentials are at fault."""
        return self.code in EXPIRED


class World(Protocol):
    """What a drill touches. A look that could not be made is None, never a guess."""

    def now_s(self) -> float:
        """Unix time on the drill's clock, which runs as fast as the waits of its AWS do."""
        ...

    def call(self, service: str, operation: str, *, region: str, **parameters: Any) -> Any:
        """Make one call to AWS. Raises `CallError`."""
        ...

    def watch(self, for_s: float, meanwhile: Callable[[], None] | None = None) -> tuple[Probe, ...]:
        """Let clients probe for so long; gives the probes that the drill's memory is to keep.

        A world that keeps its probes itself gives none. `meanwhile` is called about once a second,
        one call after the other, and delays no probe.
        """
        ...

    def probes(self, kept: Sequence[Probe]) -> tuple[Probe, ...]:
        """Give every probe of the drill: what its memory kept, or the world's own, Unix times."""
        ...

    def request_ids(self, probes: Sequence[Probe]) -> frozenset[str]:
        """Name the requests of probes of this drill, as the records of predictions do."""
        ...

    def serves(self, region: str) -> bool:
        """Ask a Region one golden request by its own name."""
        ...

    def healthy(self, region: str) -> bool | None:
        """Ask the name servers what Route 53 thinks of a Region."""
        ...

    def leads_to(self) -> frozenset[str] | None:
        """Ask where the name servers lead clients: addresses."""
        ...

    def addresses(self, region: str) -> frozenset[str]:
        """Ask for the addresses of a Region's own name; empty if there is no answer."""
        ...

    def burst(self, region: str, *, rate_per_s: float, for_s: float) -> tuple[Probe, ...]:
        """Send a step load to a Region by its own name, and give every probe of it."""
        ...

    def stopped(self) -> str:
        """Say why whoever runs the drill wants it to end; empty while nobody does."""
        ...
