"""The coverage table: for each resource type and input, what the emulator does with it.

A rehearsal says what it does not prove: `recorded` inputs are stored and read back, nothing acts
on them; `absent` ones are refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from emulator import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

Treatment = Literal["emulated", "recorded", "absent"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One input of one type. `reason` says why a recorded input is only that."""

    type: str
    input: str
    treatment: Treatment
    reason: str = ""


def rows(types: Iterable[str] | None = None) -> list[Row]:
    """The table for these types (all by default), sorted by type and input."""
    table: list[Row] = []
    for token in sorted(catalogue.all_types() if types is None else types):
        kind = catalogue.entry(token)
        table += [
            Row(
                type=token,
                input=name,
                treatment="recorded" if each.recorded else "emulated",
                reason=each.recorded,
            )
            for name, each in kind.inputs.items()
        ]
        table += [Row(type=token, input=name, treatment="absent") for name in kind.absent_inputs()]
    return sorted(table, key=lambda row: (row.type, row.input))


def coverage(types: Iterable[str]) -> dict[str, list[str]]:
    """Inputs of these types by treatment, each as `type input` with the reason in parentheses."""
    found: dict[str, list[str]] = {"emulated": [], "recorded": [], "absent": []}
    for row in rows(types):
        reason = f" ({row.reason})" if row.reason else ""
        found[row.treatment].append(f"{row.type} {row.input}{reason}")
    return found
