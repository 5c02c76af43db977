"""One AWS API call as the front door sees it: where it goes, in which protocol, by which key."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast
from urllib.parse import parse_qs

if TYPE_CHECKING:
    import io

Protocol: TypeAlias = Literal["s3", "query", "ec2", "json", "cbor", "rest-xml", "rest-json"]

GLOBAL_CONTROL_PLANE: Final = "us-east-1"
"""Where the control planes of global services live, whatever Region a client signs for.

https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html
"""

GLOBAL_SERVICES: Final = frozenset({"route53", "iam", "cloudfront", "shield", "organizations"})
_REST_XML: Final = frozenset({"route53", "cloudfront"})
_CREDENTIAL: Final = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")


@dataclass(frozen=True, kw_only=True)
class ApiRequest:
    """A call, parsed no further than its envelope; the rest is read when asked for."""

    method: str
    path: str
    """Decoded: a `/` of a parameter looks like one that separates."""
    raw_path: str
    """As it was sent, percent-encoded."""
    query_string: str
    headers: dict[str, str]
    """Lower-case names."""
    body: bytes
    access_key: str | None
    region: str
    """The Region whose control plane or data plane must be alive to answer."""
    service: str
    """The SigV4 service name: `s3`, `elasticloadbalancing`, `monitoring`."""

    @cached_property
    def query(self) -> dict[str, str]:
        """Query parameters; of a repeated one the first value."""
        parsed = parse_qs(self.query_string, keep_blank_values=True)
        return {name: values[0] for name, values in parsed.items()}

    @cached_property
    def form(self) -> dict[str, str]:
        """The form in the body (query protocol); empty when the body is none."""
        if not self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return {}
        parsed = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[0] for name, values in parsed.items()}

    @cached_property
    def document(self) -> dict[str, Any]:
        """The JSON object in the body; empty when the body is none."""
        try:
            parsed = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}

    @cached_property
    def protocol(self) -> Protocol:
        """How the call is spelled, which is how its refusal must be spelled."""
        if self.service == "s3":
            return "s3"
        if "x-amz-target" in self.headers:
            return "json"
        if self.headers.get("smithy-protocol") == "rpc-v2-cbor":
            return "cbor"
        if "Action" in self.form or "Action" in self.query:
            return "ec2" if self.service == "ec2" else "query"
        return "rest-xml" if self.service in _REST_XML else "rest-json"

    @cached_property
    def bucket(self) -> str | None:
        """The bucket of an S3 call (path style, the only one an IP endpoint can serve)."""
        return (self.path.split("/", 2)[1] or None) if self.service == "s3" else None

    @cached_property
    def key(self) -> str | None:
        """The object key of an S3 call, decoded; None for calls on the bucket."""
        parts = self.path.split("/", 2)
        return parts[2] if self.service == "s3" and len(parts) > 2 and parts[2] else None  # noqa: PLR2004  # "/bucket/key" has three parts


def from_environ(environ: dict[str, Any]) -> ApiRequest:
    """Read a WSGI environment whose whole body has been read into memory (`wsgi.input`)."""
    stream: io.BytesIO = environ["wsgi.input"]
    headers = {
        name[5:].replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = environ.get("CONTENT_TYPE") or ""
    scope = _scope(headers.get("authorization", ""), environ.get("QUERY_STRING", ""))
    access_key, region, service = scope or (None, GLOBAL_CONTROL_PLANE, "s3")
    return ApiRequest(
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
        raw_path=environ["RAW_URI"].partition("?")[0],
        query_string=environ.get("QUERY_STRING", ""),
        headers=headers,
        body=stream.getvalue(),
        access_key=access_key,
        region=GLOBAL_CONTROL_PLANE if service in GLOBAL_SERVICES else region,
        service=service,
    )


def _scope(authorization: str, query_string: str) -> tuple[str, str, str] | None:
    """Access key, Region and service out of a SigV4 header or a presigned URL."""
    found = _CREDENTIAL.search(authorization)
    if found is None and "X-Amz-Credential" in query_string:
        presigned = parse_qs(query_string).get("X-Amz-Credential", [""])[0]
        found = _CREDENTIAL.search(f"Credential={presigned}")
    return (found[1], found[2], found[3].lower()) if found else None
