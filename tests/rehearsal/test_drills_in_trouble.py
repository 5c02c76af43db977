"""Drills that lose their hands: credentials that end, services that are asked too often."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import backups
import pytest

from resilience.experiments.catalogue import CATALOGUE
from resilience.experiments.grounding import account_of
from resilience.journal import read_journal

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from conftest import Shared
    from drilled import Drilled

USER: Final = "on-call"
GLOBAL: Final = "us-east-1"
CHANGED_BY: Final = (
    *("arc-zonal-shift", "backup", "dynamodb", "ec2", "elasticloadbalancing", "lambda", "s3"),
)
"""What experiments change the stack by, as calls are signed."""

UNFINISHED: Final = 3
LATER: Final = "then run: ./run drill --recover"


@pytest.fixture(scope="module")
def drilled(shared: Shared) -> Drilled:
    found = shared.drilled()
    backups.take(found, account_of(found.aws))
    call = found.aws.call
    call("iam", "create_user", region=GLOBAL, UserName=USER)
    anything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    call(
        "iam",
        "put_user_policy",
        region=GLOBAL,
        UserName=USER,
        PolicyName="all",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [anything]}),
    )
    return found


@contextmanager
def throttled(drilled: Drilled, region: str, service: str) -> Generator[None]:
    """Let a service of a Region answer every call that it is asked too often."""
    control = urlsplit(drilled.stage.control)
    server = HTTPConnection(str(control.hostname), control.port)
    wanted = {"kind": "api_throttled", "target": f"{region}/{service}"}
    server.request("POST", "/faults", json.dumps(wanted), {"Content-Type": "application/json"})
    fault = json.load(server.getresponse())["id"]
    try:
        yield
    finally:
        server.request("DELETE", f"/faults/{fault}")
        server.getresponse().read()
        server.close()


def taken_back(drilled: Drilled, out: Path) -> None:
    ended = drilled.run("--recover", "--out", str(out), timeout_s=600)
    assert ended.code == 0, ended
    assert read_journal(out / "journal.json").verdict == "broken"
    assert ended.summary["recovered"] is not None


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("experiment", CATALOGUE)
def test_a_drill_whose_credentials_end_is_taken_back_by_the_next(
    drilled: Drilled, tmp_path: Path, experiment: str
) -> None:
    before = drilled.fingerprint()
    call, log = drilled.aws.call, tmp_path / "log"
    key = call("iam", "create_access_key", region=GLOBAL, UserName=USER)["AccessKey"]
    named = {"UserName": USER, "AccessKeyId": key["AccessKeyId"]}
    code = drilled.disturbed(
        experiment,
        "watch",
        log,
        lambda _: call("iam", "update_access_key", region=GLOBAL, **named, Status="Inactive"),
        AWS_ACCESS_KEY_ID=key["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"],
    )
    assert code == UNFINISHED, log.read_text()
    assert LATER in " ".join(log.read_text().split())
    taken_back(drilled, tmp_path)
    assert drilled.fingerprint() == before, "something stayed injected"
    call("iam", "delete_access_key", region=GLOBAL, **named)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("experiment", CATALOGUE)
def test_a_drill_that_is_throttled_for_long_is_taken_back_by_the_next(
    drilled: Drilled, tmp_path: Path, experiment: str
) -> None:
    before = drilled.fingerprint()
    log = tmp_path / "log"
    with ExitStack() as until_it_ends:

        def throttle(_: int) -> None:
            for region in drilled.topology.regions:
                for service in CHANGED_BY:
                    until_it_ends.enter_context(throttled(drilled, region.region, service))

        code = drilled.disturbed(experiment, "watch", log, throttle)
    assert code == UNFINISHED, log.read_text()
    assert LATER in " ".join(log.read_text().split())
    taken_back(drilled, tmp_path)
    assert drilled.fingerprint() == before, "something stayed injected"
