"""Delivery streams as deployed: how their records are processed, named and compressed.

Pure but for `find`, which reads moto.
"""

from __future__ import annotations

import gzip
import json
import re
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from emulator.store.backends import ACCOUNT, backend_of

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence
    from datetime import datetime

_MIB: Final = 1024 * 1024
_DEFAULT_INTERVAL_S: Final = 300
_DEFAULT_SIZE_MIB: Final = 5
_PROCESSORS: Final = ("Decompression", "CloudWatchLogProcessing", "AppendDelimiterToRecord")
_COMPRESSIONS: Final = {"UNCOMPRESSED": "", "GZIP": ".gz"}
_EXPRESSION: Final = re.compile(r"!\{([^}]*)\}")
# Java's DateTimeFormatter letters that a prefix may use, as strftime spells them.
_TIMESTAMP_PARTS: Final = {
    "yyyy": "%Y",
    "MM": "%m",
    "dd": "%d",
    "HH": "%H",
    "mm": "%M",
    "ss": "%S",
}
_RANDOM_LENGTH: Final = 11
_NAME_RANDOM_LENGTH: Final = 36


class StreamError(ValueError):
    """A delivery stream that asks for what is not emulated."""


class RecordError(ValueError):
    """A record that the stream's processors cannot read."""


@dataclass(frozen=True, kw_only=True)
class DeliveryStream:
    """One stream that delivers to S3."""

    name: str
    version: str
    bucket: str
    role_arn: str
    prefix: str
    suffix: str
    interval_s: float
    size_bytes: int
    compression: str
    processors: tuple[str, ...]
    extracts_messages: bool


def find(region: str, name: str) -> DeliveryStream | None:
    """The stream as moto keeps it; None when there is none or it does not deliver to S3."""
    from moto.firehose.models import firehose_backends

    backend = backend_of(firehose_backends, region)
    stored = backend.delivery_streams.get(name) if backend is not None else None
    if stored is None:
        return None
    destination: Mapping[str, Any] = stored.destinations[0]
    configuration = destination.get("ExtendedS3") or destination.get("S3")
    if configuration is None:
        return None
    return from_configuration(name, str(stored.version_id), configuration)


def arn_of(region: str, name: str) -> str:
    """ARN of a delivery stream."""
    return f"arn:aws:firehose:{region}:{ACCOUNT}:deliverystream/{name}"


def stream_of_arn(arn: str) -> tuple[str, str]:
    """Region and name of a delivery stream's ARN."""
    parts = arn.split(":", 5)
    return parts[3], parts[5].removeprefix("deliverystream/")


def from_configuration(name: str, version: str, raw: Mapping[str, Any]) -> DeliveryStream:
    """Read an (extended) S3 destination configuration.

    Raises:
        StreamError: Names the processor, compression or prefix expression that is not emulated.
    """
    hints: Mapping[str, Any] = raw.get("BufferingHints") or {}
    processing: Mapping[str, Any] = raw.get("ProcessingConfiguration") or {}
    processors: Sequence[Mapping[str, Any]] = (
        processing.get("Processors") or [] if processing.get("Enabled") else []
    )
    compression = raw.get("CompressionFormat") or "UNCOMPRESSED"
    stream = DeliveryStream(
        name=name,
        version=version,
        bucket=str(raw["BucketARN"]).removeprefix("arn:aws:s3:::"),
        role_arn=str(raw["RoleARN"]),
        prefix=raw.get("Prefix") or "",
        suffix=raw.get("FileExtension") or _COMPRESSIONS.get(compression, ""),
        interval_s=float(hints.get("IntervalInSeconds", _DEFAULT_INTERVAL_S)),
        size_bytes=int(hints.get("SizeInMBs", _DEFAULT_SIZE_MIB)) * _MIB,
        compression=compression,
        processors=tuple(str(each["Type"]) for each in processors),
        extracts_messages=_extracts_messages(processors),
    )
    _refuse_unknown(stream)
    return stream


def _extracts_messages(processors: Sequence[Mapping[str, Any]]) -> bool:
    return any(
        parameter["ParameterName"] == "DataMessageExtraction"
        and str(parameter["ParameterValue"]).lower() == "true"
        for processor in processors
        if processor["Type"] == "CloudWatchLogProcessing"
        for parameter in cast("Sequence[Mapping[str, Any]]", processor.get("Parameters") or [])
    )


def _refuse_unknown(stream: DeliveryStream) -> None:
    for processor in stream.processors:
        if processor not in _PROCESSORS:
            raise StreamError(
                f"processor {processor} of delivery stream {stream.name} is not emulated; "
                f"emulated: {', '.join(_PROCESSORS)}"
            )
    if stream.extracts_messages and "Decompression" not in stream.processors:
        raise StreamError(
            f"delivery stream {stream.name} extracts log messages without a Decompression "
            "processor; CloudWatch Logs sends gzip"
        )
    if stream.compression not in _COMPRESSIONS:
        raise StreamError(
            f"compression {stream.compression} of delivery stream {stream.name} is not emulated; "
            f"emulated: {', '.join(_COMPRESSIONS)}"
        )
    for expression in _EXPRESSION.findall(stream.prefix):
        kind, _, form = str(expression).partition(":")
        known = kind == "timestamp" or expression == "firehose:random-string"
        letters = re.findall(r"[A-Za-z]+", re.sub(r"'[^']*'", "", form))
        if not known or (kind == "timestamp" and not set(letters) <= set(_TIMESTAMP_PARTS)):
            raise StreamError(
                f"prefix expression !{{{expression}}} of delivery stream {stream.name} is not "
                f"emulated; emulated: !{{timestamp:...}} with {', '.join(_TIMESTAMP_PARTS)} and "
                "!{firehose:random-string}"
            )


def object_key(stream: DeliveryStream, arrived: datetime, source: random.Random) -> str:
    """The object's key: evaluated prefix, then Firehose's own name.

    https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
    """

    def evaluate(match: re.Match[str]) -> str:
        kind, _, form = match[1].partition(":")
        if kind == "timestamp":
            return _timestamp(form, arrived)
        return _letters(source, _RANDOM_LENGTH)

    prefix = _EXPRESSION.sub(evaluate, stream.prefix)
    if "!{timestamp:" not in stream.prefix:
        prefix += arrived.strftime("%Y/%m/%d/%H/")
    moment = arrived.strftime("%Y-%m-%d-%H-%M-%S")
    unique = _letters(source, _NAME_RANDOM_LENGTH)
    return f"{prefix}{stream.name}-{stream.version}-{moment}-{unique}{stream.suffix}"


def process(stream: DeliveryStream, records: Sequence[bytes]) -> bytes:
    """Run the processors over the records and join what comes out.

    Raises:
        RecordError: A record is not gzip, or not what CloudWatch Logs sends.
    """
    return b"".join(_processed(stream, record) for record in records)


def compressed(stream: DeliveryStream, body: bytes) -> bytes:
    """The body in the stream's compression."""
    return gzip.compress(body, mtime=0) if stream.compression == "GZIP" else body


def _processed(stream: DeliveryStream, record: bytes) -> bytes:
    if "Decompression" in stream.processors:
        try:
            record = gzip.decompress(record)
        except OSError as error:
            raise RecordError(f"a record of {stream.name} is not gzip: {error}") from error
    if stream.extracts_messages:
        record = _messages(stream, record)
    if "AppendDelimiterToRecord" in stream.processors:
        record += b"\n"
    return record


def _messages(stream: DeliveryStream, record: bytes) -> bytes:
    """The log lines alone, one a line; control messages carry none."""
    try:
        document = json.loads(record)
        if document["messageType"] != "DATA_MESSAGE":
            return b""
        lines = [str(event["message"]).rstrip("\n") for event in document["logEvents"]]
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"a record of {stream.name} is not from CloudWatch Logs") from error
    return "".join(f"{line}\n" for line in lines).encode()


def _timestamp(form: str, moment: datetime) -> str:
    """`yyyy-MM-dd` and the like; text in single quotes stands for itself."""
    pieces: list[str] = re.findall(r"'[^']*'|[A-Za-z]+|[^A-Za-z']+", form)
    return "".join(
        piece.strip("'")
        if piece.startswith("'")
        else moment.strftime(_TIMESTAMP_PARTS.get(piece, piece))
        for piece in pieces
    )


def _letters(source: random.Random, length: int) -> str:
    return "".join(source.choices(string.ascii_lowercase + string.digits, k=length))
