"""Settings of a Region's edge: who may call, and what is held off."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from infra.settings import fields
from infra.settings.reading import Reading

# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_JwtValidationActionConfig.html
_LONGEST: Final = 256
# Far above what one health checker sends to one load balancer.
_LEAST_REQUESTS: Final = 1_000
# What the name begins with that clients call.
_CLIENTS: Final = "predict."
_CLAIM: Final = re.compile(r"([A-Za-z0-9_:/.-]{1,256})=(\S{1,256})")
_CHECKED_ANYWAY: Final = frozenset({"exp", "iss", "nbf", "iat"})


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a token must say besides its issuer and its times.

    Attributes:
        name: The claim.
        value: What it must be; for `scope`, one of the scopes it must hold.
    """

    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class EdgeSettings:
    """How requests are let in; `Pulumi.yaml` says what each means.

    A setting that another `client_authentication` needs may be set, and does nothing.
    """

    client_authentication: str
    jwt_issuer: str
    jwt_jwks_endpoint: str
    jwt_claim: Claim | None
    client_ca_bundle: Path | None
    access_log_days: int
    web_firewall: bool
    web_firewall_logs: str
    requests_per_five_minutes: int


def read(reading: Reading) -> EdgeSettings:
    """Read the edge's settings."""
    return EdgeSettings(
        client_authentication=reading.read(
            "clientAuthentication", fields.choice("none", "jwt", "mtls")
        ),
        jwt_issuer=reading.read("jwtIssuer", _issuer),
        jwt_jwks_endpoint=reading.read("jwtJwksEndpoint", _https_url),
        jwt_claim=reading.read("jwtClaim", _claim),
        client_ca_bundle=reading.read("clientCaBundle", _pem_path),
        access_log_days=reading.read("accessLogDays", fields.integer(1, 3650)),
        web_firewall=reading.read("webFirewall", fields.boolean),
        web_firewall_logs=reading.read("webFirewallLogs", fields.choice("off", "blocked", "all")),
        requests_per_five_minutes=reading.read(
            "requestsPerFiveMinutes", fields.integer(_LEAST_REQUESTS, 100_000_000)
        ),
    )


def contradictions(reading: Reading) -> None:
    """Note what does not go together."""
    raw = reading.raw
    how = raw.get("clientAuthentication")
    needed = {"jwt": ("jwtIssuer", "jwtJwksEndpoint", "jwtClaim"), "mtls": ("clientCaBundle",)}
    for key in needed.get(str(how), ()):
        if raw.get(key) == "":
            reading.note(key, f'a value with clientAuthentication "{how}"', "set it")
    if raw.get("webFirewallLogs") == "off" and raw.get("production") == "true":
        reading.note(
            "webFirewallLogs",
            '"blocked" or "all" with production "true"',
            "choose one: without it nobody can say whom the web ACL turned away, or why",
        )
    if how == "none" and raw.get("production") == "true":
        reading.note(
            "clientAuthentication",
            '"jwt" or "mtls" with production "true"',
            "choose one, or say that this is no production stack",
        )


def doubts(settings: EdgeSettings, *, clients_name: str) -> tuple[str, ...]:
    """Say what is legal and looks wrong."""
    claim = settings.jwt_claim
    named = urlsplit(claim.value).hostname if claim and claim.name == "aud" else None
    tokens = settings.client_authentication == "jwt"
    if not tokens or named is None or named == clients_name or not named.startswith(_CLIENTS):
        return ()
    doubt = (
        f"jwtClaim takes tokens for {named}, but by zoneName clients call {clients_name}: one of"
        " the two is another stack's"
    )
    return (doubt,)


def _issuer(text: str) -> str:
    if len(text) > _LONGEST or re.search(r"\s", text):
        raise fields.FieldError(f"at most {_LONGEST} characters, none of them blank")
    return text


def _https_url(text: str) -> str:
    if text and not (re.fullmatch(r"https://[^\s/]+/\S*", text) and len(text) <= _LONGEST):
        raise fields.FieldError(
            f"a URL with its path, beginning with https://, at most {_LONGEST} characters"
        )
    return text


def _claim(text: str) -> Claim | None:
    if not text:
        return None
    found = _CLAIM.fullmatch(text)
    if found is None or found[1] in _CHECKED_ANYWAY:
        raise fields.FieldError(
            'a claim and its value, such as "aud=predictions"; exp, iss, nbf and iat are always'
            " checked"
        )
    return Claim(name=found[1], value=found[2])


def _pem_path(text: str) -> Path | None:
    if text and not text.endswith(".pem"):
        raise fields.FieldError("the path of a .pem file")
    return Path(text) if text else None
