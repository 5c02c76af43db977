"""Metrics out of log lines in the embedded metric format, as CloudWatch Logs extracts them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from emulator.watch.metrics import STANDARD_RESOLUTION_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from emulator.events import EventLog
    from emulator.watch.metrics import Metrics

_MARK: Final = '"CloudWatchMetrics"'
_MOST_VALUES: Final = 100


class EmbeddedError(ValueError):
    """A line that says it holds metrics and does not keep to the format."""


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """One metric of one line, for one set of dimensions."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    values: tuple[float, ...]
    unit: str
    resolution_s: int
    at_s: float
    """Unix time by the clock of whoever wrote the line."""


class EmbeddedMetrics:
    """Puts what log lines embed, at the times that they state."""

    def __init__(self, metrics: Metrics, events: EventLog) -> None:
        self._metrics = metrics
        self._events = events

    def take(self, region: str, group: str, line: str) -> None:
        """Put the metrics of a line, if it has any."""
        try:
            for each in extract(line):
                for value in each.values:
                    self._metrics.put(
                        region,
                        each.namespace,
                        each.name,
                        each.dimensions,
                        value,
                        unit=each.unit,
                        at_s=each.at_s,
                        resolution_s=each.resolution_s,
                    )
        except EmbeddedError as error:
            self._events.record("emf.malformed", region=region, log_group=group, reason=str(error))


def extract(line: str) -> Iterator[Embedded]:
    """The metrics that a line embeds; none for any other line.

    Raises:
        EmbeddedError: It has `_aws.CloudWatchMetrics` and breaks the format.
    """
    if _MARK not in line:
        return
    try:
        found = json.loads(line)
    except ValueError:
        return
    if not isinstance(found, dict):
        return
    document = cast("dict[str, Any]", found)
    about = document.get("_aws")
    if not isinstance(about, dict):
        return
    told = cast("dict[str, Any]", about)
    stamp = told.get("Timestamp")
    if not isinstance(stamp, int):
        raise EmbeddedError(f"_aws.Timestamp is {stamp!r}; expected Unix milliseconds")
    for directive in told.get("CloudWatchMetrics") or ():
        yield from _of_directive(directive, document, stamp / 1000)


def _of_directive(
    directive: Mapping[str, Any], document: Mapping[str, Any], at_s: float
) -> Iterator[Embedded]:
    namespace = directive.get("Namespace")
    if not isinstance(namespace, str) or not namespace:
        raise EmbeddedError(f"Namespace is {namespace!r}; expected a text")
    for names in directive.get("Dimensions") or [[]]:
        dimensions = {name: _dimension(document, name) for name in names}
        for metric in directive.get("Metrics") or ():
            name = str(metric.get("Name"))
            yield Embedded(
                namespace=namespace,
                name=name,
                dimensions=dimensions,
                values=_values(document, name),
                unit=str(metric.get("Unit") or "None"),
                resolution_s=int(metric.get("StorageResolution") or STANDARD_RESOLUTION_S),
                at_s=at_s,
            )


def _dimension(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise EmbeddedError(f"dimension {name} is {value!r}; expected a text")
    return value


def _values(document: Mapping[str, Any], name: str) -> tuple[float, ...]:
    value = document.get(name)
    listed = cast("list[Any]", value if isinstance(value, list) else [value])
    numbers = [
        float(each)
        for each in listed
        if isinstance(each, int | float) and not isinstance(each, bool)
    ]
    if len(numbers) != len(listed) or len(numbers) > _MOST_VALUES:
        raise EmbeddedError(f"metric {name} is {value!r}; expected a number, or up to 100 of them")
    return tuple(numbers)
