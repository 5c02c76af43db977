"""The canary of one Region: asks every other Region what a client would ask, and compares.

On a schedule it posts the release's golden requests to each other Region's own name, over the
public network, with a client's credential, and says by metrics what it saw. It is the one view of
a Region that does not depend on that Region: what a lost Region would have said of itself is
missing data; what the others' canaries say of it is not.

| metric | dimensions | meaning |
| --- | --- | --- |
| CanaryRuns | Region | 1: it looked; 0: it could not (no credential) |
| CanarySuccess | Region, Target | 1: every request got a good answer |
| CanaryLatency | Region, Target | milliseconds of each answered request |
| CanaryWrongAnswers | Region, Target | answers of our own release that are not the golden ones |
| CanaryReleaseMismatch | Region, Target | 1: the target serves another release than ours |

While another release is deployed Region by Region, the target's answers may rightly differ:
they are compared only under the same release, and the mismatch is a metric of its own.

This file is a whole Lambda package with the release's `golden.json` beside it: standard library,
and boto3 from Lambda's runtime for the one read of the secret.
Metrics are log lines in CloudWatch's embedded metric format:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import base64
import http.client
import json
import math
import os
import ssl
import tempfile
import time
import urllib.parse
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PATH: Final = "/v1/predict"
_PORT: Final = 443
# A lost Region's load balancers may accept a connection and never answer on it. A client that
# waits longer than this has gone elsewhere.
_TIMEOUT_S: Final = 3.0
_TARGET_LIMIT_S: Final = 6.0
_ROWS_A_LOOK: Final = 3
_LOOK_S: Final = 60  # schedules have no finer grain
_TOLERANCE: Final = 1e-12  # as in the deep check: another machine's last place is no other model
_OK: Final = 200
_TOKEN_MARGIN_S: Final = 60.0


class CanaryError(Exception):
    """The canary itself cannot ask: its credential is missing, or not one it knows."""


@dataclass(frozen=True, kw_only=True)
class Credential:
    """How it says who it is: headers, a certificate in the TLS context, or nothing at all."""

    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)


@dataclass(kw_only=True)
class Sighting:
    """What was seen of one target. `reason` is empty while all is well."""

    region: str
    latencies_ms: list[float] = field(default_factory=list[float])
    wrong: int = 0
    release: str = ""
    reason: str = ""


def handle(_event: object, _context: object) -> dict[str, bool]:
    """Look at every target once; changes nothing. Returns which were well."""
    environment = os.environ
    targets: dict[str, str] = json.loads(environment["UNDERSTUDY_CANARY_TARGETS"])
    golden = _golden()
    try:
        credential = _credential(environment.get("UNDERSTUDY_CANARY_SECRET", ""))
    except CanaryError as error:
        _say(
            {"level": "ERROR", "reason": str(error), "CanaryRuns": 0}, ["CanaryRuns"], [["Region"]]
        )
        return {}
    with ThreadPoolExecutor(max_workers=len(targets)) as threads:
        looks = [
            threads.submit(_look, region, name, golden, credential)
            for region, name in sorted(targets.items())
        ]
    seen = [look.result() for look in looks]
    for sighting in seen:
        _report(sighting, environment["UNDERSTUDY_RELEASE_DIGEST"])
    _say({"level": "INFO", "reason": "", "CanaryRuns": 1}, ["CanaryRuns"], [["Region"]])
    return {sighting.region: not sighting.reason for sighting in seen}


def _golden() -> list[dict[str, Any]]:
    """Return some of the golden requests, others at every look: in time all of them are asked."""
    text = Path(__file__).with_name("golden.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)["golden"]
    first = int(time.time() // _LOOK_S) * _ROWS_A_LOOK
    picked = range(first, first + min(_ROWS_A_LOOK, len(found)))
    return [found[number % len(found)] for number in picked]


def _look(
    region: str, name: str, golden: Sequence[Mapping[str, Any]], credential: Credential
) -> Sighting:
    """Ask one target every golden request, on one connection; never raises for what it meets."""
    sighting = Sighting(region=region)
    connection = http.client.HTTPSConnection(
        name, _PORT, timeout=_TIMEOUT_S, context=credential.context
    )
    until_s = time.perf_counter() + _TARGET_LIMIT_S
    try:
        for case in golden:
            if time.perf_counter() > until_s:
                sighting.reason = f"slow: {_TARGET_LIMIT_S:g} s passed before all was answered"
                break
            _ask(connection, case, credential.headers, sighting)
            if sighting.reason:
                break
    except (OSError, http.client.HTTPException) as error:
        sighting.reason = f"no answer: {type(error).__name__}: {error}"
    finally:
        connection.close()
    return sighting


def _ask(
    connection: http.client.HTTPSConnection,
    case: Mapping[str, Any],
    headers: Mapping[str, str],
    sighting: Sighting,
) -> None:
    request_id = f"canary-{uuid.uuid4()}"
    sent = {"content-type": "application/json", "x-request-id": request_id, **headers}
    began_s = time.perf_counter()
    connection.request("POST", _PATH, body=json.dumps(case["request"]), headers=sent)
    answer = connection.getresponse()
    body = answer.read()
    sighting.latencies_ms.append(round((time.perf_counter() - began_s) * 1000, 3))
    if answer.status != _OK:
        sighting.reason = f"status {answer.status} for request {request_id}"
        return
    sighting.release = answer.headers.get("x-understudy-release", "")
    if sighting.release != os.environ["UNDERSTUDY_RELEASE_DIGEST"]:
        return
    if not _same(case["response"], _parsed(body)):
        sighting.wrong += 1
        sighting.reason = f"wrong answer to request {request_id}"


def _parsed(body: bytes) -> object:
    """The answer without its envelope's release, which is compared by its header."""
    try:
        found = json.loads(body)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    return {"predictions": found.get("predictions")}


def _same(expected: object, found: object) -> bool:
    """Equal in shape and words, numbers to within 1e-12."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(
            _same(expected[key], found[key]) for key in expected
        )
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(_same, expected, found))
    if isinstance(expected, float) and isinstance(found, float):
        return math.isclose(expected, found, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    return type(expected) is type(found) and expected == found


def _credential(secret_name: str) -> Credential:
    """The credential in the secret; read anew each time, so that a new one counts at once.

    Raises:
        CanaryError: There is none, it cannot be read, or it is of no known kind.
    """
    if not secret_name:
        return Credential()
    secret = _secret(secret_name)
    try:
        match secret.get("kind"):
            case "bearer":
                return _bearer(secret["token"])
            case "certificate":
                return _certificate(secret["certificate"], secret["key"])
            case "client_credentials":
                return _bearer(_token(secret))
            case other:
                expected = "bearer, certificate or client_credentials"
                raise CanaryError(f"secret {secret_name} has kind {other!r}; expected {expected}")
    except KeyError as missing:
        raise CanaryError(f"secret {secret_name} has no {missing}") from missing
    except (OSError, ValueError) as error:
        raise CanaryError(f"secret {secret_name} gives no credential: {error}") from error


def _secret(name: str) -> dict[str, Any]:
    # boto3 takes longer to import than all the rest: only a stack with a credential pays for it.
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        text = boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    except (BotoCoreError, ClientError, KeyError) as error:
        raise CanaryError(
            f"secret {name} cannot be read: {error}; an operator fills it after the first deploy"
        ) from error
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CanaryError(f"secret {name} does not hold a JSON object")
    return found


def _bearer(token: str) -> Credential:
    return Credential(headers={"authorization": f"Bearer {token}"})


def _certificate(certificate: str, key: str) -> Credential:
    context = ssl.create_default_context()
    # The standard library reads them from a file only; it is gone before anything is asked.
    with tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="ascii") as file:
        file.write(f"{certificate}\n{key}\n")
        file.flush()
        context.load_cert_chain(file.name)
    return Credential(context=context)


_tokens: dict[str, tuple[float, str]] = {}


def _token(secret: Mapping[str, Any]) -> str:
    """An access token by OAuth 2.0 client credentials (RFC 6749, 4.4), kept until it expires."""
    url, client_id = str(secret["token_url"]), str(secret["client_id"])
    if not url.startswith("https://"):
        raise CanaryError(f"token_url is {url!r}; expected https://...")
    expires_s, token = _tokens.get(f"{url} {client_id}", (0.0, ""))
    if time.monotonic() < expires_s:
        return token
    form = {"grant_type": "client_credentials"}
    form |= {key: str(secret[key]) for key in ("scope", "audience") if key in secret}
    basic = base64.b64encode(f"{client_id}:{secret['client_secret']}".encode()).decode()
    request = urllib.request.Request(  # noqa: S310 - https only, checked above
        url,
        data=urllib.parse.urlencode(form).encode(),
        headers={"authorization": f"Basic {basic}"},
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as reply:  # noqa: S310 - as above
        granted = json.loads(reply.read())
    token = str(granted["access_token"])
    life_s = float(granted.get("expires_in", 0)) - _TOKEN_MARGIN_S
    _tokens[f"{url} {client_id}"] = (time.monotonic() + life_s, token)
    return token


def _report(sighting: Sighting, own_release: str) -> None:
    facts: dict[str, Any] = {
        "level": "ERROR" if sighting.reason else "INFO",
        "reason": sighting.reason,
        "Target": sighting.region,
        "release_seen": sighting.release,
        "release": own_release,
        "CanarySuccess": int(not sighting.reason),
        "CanaryWrongAnswers": sighting.wrong,
    }
    if sighting.latencies_ms:
        facts["CanaryLatency"] = sighting.latencies_ms
    if sighting.release:
        facts["CanaryReleaseMismatch"] = int(sighting.release != own_release)
    metrics = [name for name in facts if name.startswith("Canary")]
    _say(facts, metrics, [["Region", "Target"]])


def _say(facts: Mapping[str, Any], metrics: Sequence[str], dimensions: list[list[str]]) -> None:
    """Write one line, which is the metrics as well."""
    units = {"CanaryLatency": "Milliseconds"}
    directive = {
        "Namespace": os.environ["UNDERSTUDY_METRICS_NAMESPACE"],
        "Dimensions": dimensions,
        "Metrics": [{"Name": name, "Unit": units.get(name, "Count")} for name in metrics],
    }
    line = {
        "type": "canary",
        "Region": os.environ["AWS_REGION"],
        **facts,
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
    }
    print(json.dumps(line, separators=(",", ":")))  # noqa: T201 - a log line
