"""Where moto's own log and Firehose delivery is replaced by ours.

moto sends every log event to every subscription at once, unfiltered, and Firehose records straight
to S3 under a key of its own, without buffers, processors, prefix expressions or permissions. The
four methods replaced here are where that happens, and where a subscription or stream asking for
what is not emulated can be refused when it is put.
"""

from __future__ import annotations

import base64
import inspect
from typing import TYPE_CHECKING, Any

from emulator.storage import streams
from emulator.storage.filters import PatternError, compile_pattern
from emulator.storage.logs import Subscription, subscription_refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from emulator.storage.firehose import Firehose
    from emulator.storage.logs import LogShipper


def take_over(shipper: LogShipper, firehose: Firehose) -> Callable[[], None]:
    """Put our delivery in moto's place. Returns what puts moto's back."""
    from moto.firehose.models import FirehoseBackend
    from moto.logs.models import LogsBackend, LogStream

    replaced: list[tuple[type, str, Any]] = []

    def replace(owner: type, name: str, make: Callable[[Any], Any]) -> None:
        original = getattr(owner, name)
        replaced.append((owner, name, original))
        setattr(owner, name, make(original))

    replace(LogStream, "_send_log_events", lambda original: _send_log_events(original, shipper))
    replace(FirehoseBackend, "put_s3_records", lambda _original: _put_s3_records(firehose))
    replace(FirehoseBackend, "create_delivery_stream", _create_delivery_stream)
    replace(LogsBackend, "put_subscription_filter", _put_subscription_filter)

    def give_back() -> None:
        for owner, name, original in replaced:
            setattr(owner, name, original)

    return give_back


def _send_log_events(original: Callable[..., None], shipper: LogShipper) -> Callable[..., None]:
    def send(
        self: Any,
        service: str,
        destination_arn: str,
        filter_name: str,
        log_events: Sequence[Mapping[str, Any]],
    ) -> None:
        if service != "firehose":
            original(self, service, destination_arn, filter_name, log_events)
            return
        stored = self.log_group.subscription_filters[filter_name]
        subscription = Subscription(
            name=filter_name,
            pattern=stored.filter_pattern or "",
            destination_arn=destination_arn,
            role_arn=stored.role_arn,
        )
        group, stream = str(self.log_group.name), str(self.log_stream_name)
        shipper.deliver(str(self.region), group, stream, subscription, log_events)

    return send


def _put_s3_records(firehose: Firehose) -> Callable[..., list[dict[str, str]]]:
    def put(
        self: Any,
        delivery_stream_name: str,
        version_id: str,
        s3_destination: Mapping[str, Any],
        records: Sequence[Mapping[str, bytes]],
    ) -> list[dict[str, str]]:
        from moto.moto_api._internal import mock_random

        del version_id, s3_destination  # read again when the buffer is flushed
        bodies = [_decoded(record["Data"]) for record in records]
        firehose.accept(str(self.region_name), delivery_stream_name, bodies)
        return [{"RecordId": str(mock_random.uuid4())} for _ in records]

    return put


def _decoded(data: bytes | str) -> bytes:
    """A record's bytes; over the API they come as base64."""
    return base64.b64decode(data) if isinstance(data, str) else bytes(data)


def _create_delivery_stream(original: Callable[..., str]) -> Callable[..., str]:
    signature = inspect.signature(original)

    def create(*args: Any, **named: Any) -> str:
        from moto.firehose.exceptions import InvalidArgumentException

        given = signature.bind(*args, **named).arguments
        name: str = given["delivery_stream_name"]
        for kind in ("extended_s3", "s3"):
            if configuration := given.get(f"{kind}_destination_configuration"):
                try:
                    streams.from_configuration(name, "1", configuration)
                except streams.StreamError as error:
                    raise InvalidArgumentException(str(error)) from error
        return original(*args, **named)

    return create


def _put_subscription_filter(original: Callable[..., None]) -> Callable[..., None]:
    def put(  # moto's own signature
        self: Any,
        log_group_name: str,
        filter_name: str,
        filter_pattern: str,
        destination_arn: str,
        role_arn: str,
    ) -> None:
        from moto.logs.exceptions import InvalidParameterException

        try:
            compile_pattern(filter_pattern or "")
        except PatternError as error:
            raise InvalidParameterException(str(error)) from error
        if ":firehose:" in destination_arn:
            subscription = Subscription(
                name=filter_name,
                pattern=filter_pattern or "",
                destination_arn=destination_arn,
                role_arn=role_arn,
            )
            reason = subscription_refusal(str(self.region_name), log_group_name, subscription)
            if reason is not None:
                raise InvalidParameterException(
                    "Could not deliver test message to specified Firehose stream. Check if the "
                    f"given Firehose stream is in ACTIVE state. ({reason})"
                )
        original(self, log_group_name, filter_name, filter_pattern, destination_arn, role_arn)

    return put
