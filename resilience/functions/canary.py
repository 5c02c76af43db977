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

It is packed with the modules that it imports and the release's `golden.json`: standard library,
and boto3 from Lambda's runtime for the one read of the secret.
"""

from __future__ import annotations

import http.client
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from resilience.functions.client_credential import CredentialError, read_credential
from resilience.functions.golden_request import ask, connect, golden_cases
from resilience.functions.metric_line import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resilience.functions.client_credential import Credential
    from resilience.functions.golden_request import Case

_TARGET_LIMIT_S: Final = 6.0
_ROWS_A_LOOK: Final = 3
_LOOK_S: Final = 60  # schedules have no finer grain


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
        credential = read_credential(environment.get("UNDERSTUDY_CANARY_SECRET", ""))
    except CredentialError as error:
        _say_runs(0, str(error))
        return {}
    with ThreadPoolExecutor(max_workers=len(targets)) as threads:
        looks = [
            threads.submit(_look, region, name, golden, credential)
            for region, name in sorted(targets.items())
        ]
    seen = [look.result() for look in looks]
    for sighting in seen:
        _report(sighting, environment["UNDERSTUDY_RELEASE_DIGEST"])
    _say_runs(1, "")
    return {sighting.region: not sighting.reason for sighting in seen}


def _golden() -> list[Case]:
    """Return some of the golden requests, others at every look: in time all of them are asked."""
    found = golden_cases()
    first = int(time.time() // _LOOK_S) * _ROWS_A_LOOK
    picked = range(first, first + min(_ROWS_A_LOOK, len(found)))
    return [found[number % len(found)] for number in picked]


def _look(region: str, name: str, golden: Sequence[Case], credential: Credential) -> Sighting:
    """Ask one target every golden request, on one connection; never raises for what it meets."""
    sighting, own_release = Sighting(region=region), os.environ["UNDERSTUDY_RELEASE_DIGEST"]
    connection = connect(name, credential)
    until_s = time.perf_counter() + _TARGET_LIMIT_S
    try:
        for case in golden:
            if time.perf_counter() > until_s:
                sighting.reason = f"slow: {_TARGET_LIMIT_S:g} s passed before all was answered"
                break
            answer = ask(
                connection, case, credential.headers, own_release=own_release, who="canary"
            )
            sighting.latencies_ms.append(answer.took_ms)
            sighting.release, sighting.reason = answer.release, answer.problem
            sighting.wrong += answer.wrong
            if sighting.reason:
                break
    except (OSError, http.client.HTTPException) as error:
        sighting.reason = f"no answer: {type(error).__name__}: {error}"
    finally:
        connection.close()
    return sighting


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
    say("canary", facts, metrics, [["Region", "Target"]])


def _say_runs(runs: int, reason: str) -> None:
    facts = {"level": "INFO" if runs else "ERROR", "reason": reason, "CanaryRuns": runs}
    say("canary", facts, ["CanaryRuns"], [["Region"]])
