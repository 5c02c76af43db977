"""What a drill saw and wrote, as short rows: an item of the table holds 400 KB. Pure."""

from __future__ import annotations

from typing import Any

from resilience.records import Connection, Outcome, Probe, Write


def packed_probes(probes: tuple[Probe, ...]) -> dict[str, Any]:
    """Write probes as rows that name each distinct text by its number."""
    texts: dict[str | None, int] = {}

    def number(text: str | None) -> int:
        return texts.setdefault(text, len(texts))

    rows = [
        [
            *(each.scheduled_s, each.client, each.latency_s, each.status),
            *map(number, (each.outcome.value, each.address, each.region, each.release)),
        ]
        for each in probes
    ]
    return {"texts": list(texts), "rows": rows}


def unpacked_probes(raw: dict[str, Any]) -> tuple[Probe, ...]:
    """Read what `packed_probes` wrote."""
    texts: list[Any] = raw["texts"]
    return tuple(
        Probe(
            scheduled_s=scheduled_s,
            client=client,
            connection=Connection.FRESH,
            outcome=Outcome(texts[outcome]),
            latency_s=latency_s,
            address=texts[address],
            region=texts[region],
            release=texts[release],
            status=status,
        )
        for scheduled_s, client, latency_s, status, outcome, address, region, release in raw["rows"]
    )


def packed_writes(writes: tuple[Write, ...]) -> list[list[Any]]:
    """Write numbered writes as rows."""
    return [[each.number, each.written_s, each.region, each.acknowledged] for each in writes]


def unpacked_writes(rows: list[list[Any]]) -> tuple[Write, ...]:
    """Read what `packed_writes` wrote."""
    return tuple(
        Write(number=number, written_s=written_s, region=region, acknowledged=acknowledged)
        for number, written_s, region, acknowledged in rows
    )
