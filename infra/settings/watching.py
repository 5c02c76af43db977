"""Settings of who is woken, by what, and where the pages are that say what to do."""

import re
from dataclasses import dataclass
from typing import Final

from infra.settings import fields
from infra.settings.reading import Reading

# https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
# A description, at whose end the page's address is, has 1,024 characters:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
_LONGEST_URL: Final = 512
_HTTPS: Final = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]+)?(/\S*)?")


@dataclass(frozen=True, kw_only=True)
class WatchingSettings:
    """Who is woken, and by what; `Pulumi.yaml` says what each setting means.

    Attributes:
        pager_endpoint: An email address or https URL; None if nobody is subscribed.
        runbook_base_url: Where the runbook pages are, without a slash at its end.
        error_ratio: Share of failed requests above which somebody is woken.
        latency_ms: 99th percentile, or median of few requests, above which somebody is woken.
        replication_s: How far a replica may be behind before somebody is woken.
        canary_minutes: How often canaries look.
    """

    pager_endpoint: str | None
    runbook_base_url: str
    error_ratio: float
    latency_ms: int
    replication_s: int
    canary_minutes: int


def read(reading: Reading) -> WatchingSettings:
    """Read the group."""
    return WatchingSettings(
        pager_endpoint=reading.read("pagerEndpoint", _endpoint),
        runbook_base_url=reading.read("runbookBaseUrl", _base_url),
        error_ratio=reading.read("alarmErrorRatio", fields.ratio),
        latency_ms=reading.read("alarmLatencyMs", fields.integer(1, 30_000)),
        replication_s=reading.read("alarmReplicationSeconds", fields.integer(60, 86_400)),
        canary_minutes=reading.read("canaryIntervalMinutes", fields.integer(1, 60)),
    )


def contradictions(reading: Reading) -> None:
    """Note what contradicts another setting."""
    raw = reading.raw
    timeout_s, latency_ms = raw.get("functionTimeoutSeconds", ""), raw.get("alarmLatencyMs", "")
    if not reading.sound("functionTimeoutSeconds", "alarmLatencyMs"):
        return
    if int(latency_ms) > int(timeout_s) * 1000:
        reading.note(
            "alarmLatencyMs",
            f"at most functionTimeoutSeconds, {timeout_s} s: nothing that answers takes longer",
            "lower it, or no alarm can ever fire",
        )


def doubts(settings: WatchingSettings, *, production: bool) -> tuple[str, ...]:
    """Say what is legal and looks wrong."""
    if production and settings.pager_endpoint is None:
        return ("pagerEndpoint is empty: alarms of this production stack wake nobody",)
    return ()


def _endpoint(text: str) -> str | None:
    if text and not _EMAIL.fullmatch(text) and not _HTTPS.fullmatch(text):
        raise fields.FieldError("an email address, an https:// URL, or nothing")
    return text or None


def _base_url(text: str) -> str:
    if not _HTTPS.fullmatch(text) or text.endswith("/") or len(text) > _LONGEST_URL:
        raise fields.FieldError(
            f"an https:// URL without a slash at its end, at most {_LONGEST_URL} characters"
        )
    return text
