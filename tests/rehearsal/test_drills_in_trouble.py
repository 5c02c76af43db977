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

ROLE: Final = "on-call"
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
    return found


@pytest.fixture(scope="module")
def on_call(drilled: Drilled) -> str:
    """A role of its own to drill under, which may do everything; its ARN."""
    account, call = account_of(drilled.aws), drilled.aws.call
    everybody = {"AWS": f"arn:aws:iam::{account}:root"}
    trust = {"Effect": "Allow", "Principal": everybody, "Action": "sts:AssumeRole"}
    anything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    made = call(
        "iam",
        "create_role",
        region=GLOBAL,
        RoleName=ROLE,
        AssumeRolePolicyDocument=_document(trust),
    )
    call(
        "iam",
        "put_role_policy",
        region=GLOBAL,
        RoleName=ROLE,
        PolicyName="all",
        PolicyDocument=_document(anything),
    )
    return str(made["Role"]["Arn"])


def _document(statement: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@contextmanager
def troubled(drilled: Drilled, kind: str, target: str) -> Generator[None]:
    """Let a fault of the emulator stand while within."""
    control = urlsplit(drilled.stage.control)

    def ask(method: str, path: str, wanted: dict[str, str]) -> dict[str, str]:
        server = HTTPConnection(str(control.hostname), control.port)
        server.request(method, path, json.dumps(wanted), {"Content-Type": "application/json"})
        answer: dict[str, str] = json.load(server.getresponse())
        server.close()
        return answer

    fault = ask("POST", "/faults", {"kind": kind, "target": target})
    try:
        yield
    finally:
        ask("DELETE", f"/faults/{fault['id']}", {})


def is_taken_back(drilled: Drilled, folder: Path, code: int) -> None:
    """Hold that a drill said that it could not end, and let the next invocation end it."""
    log = (folder / "log").read_text()
    assert code == UNFINISHED, log
    assert LATER in " ".join(log.split())
    ended = drilled.run("--recover", "--out", str(folder), timeout_s=600)
    assert ended.code == 0, ended
    assert ended.summary["recovered"] is not None
    assert read_journal(folder / "journal.json").verdict == "broken"


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("experiment", CATALOGUE)
def test_a_drill_whose_credentials_end_is_taken_back_by_the_next(
    drilled: Drilled, on_call: str, tmp_path: Path, experiment: str
) -> None:
    before = drilled.fingerprint()
    session = drilled.aws.call(
        "sts", "assume_role", region=GLOBAL, RoleArn=on_call, RoleSessionName="drills"
    )["Credentials"]
    with ExitStack() as until_it_ends:
        fault = troubled(drilled, "credentials_expired", on_call)
        code = drilled.disturbed(
            experiment,
            "watch",
            tmp_path / "log",
            lambda _: until_it_ends.enter_context(fault),
            AWS_ACCESS_KEY_ID=session["AccessKeyId"],
            AWS_SECRET_ACCESS_KEY=session["SecretAccessKey"],
            AWS_SESSION_TOKEN=session["SessionToken"],
        )
    is_taken_back(drilled, tmp_path, code)
    assert drilled.fingerprint() == before, "something stayed injected"


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("experiment", CATALOGUE)
def test_a_drill_that_is_throttled_for_long_is_taken_back_by_the_next(
    drilled: Drilled, tmp_path: Path, experiment: str
) -> None:
    before = drilled.fingerprint()
    with ExitStack() as until_it_ends:

        def throttle(_: int) -> None:
            for region in drilled.topology.regions:
                for service in CHANGED_BY:
                    fault = troubled(drilled, "api_throttled", f"{region.region}/{service}")
                    until_it_ends.enter_context(fault)

        code = drilled.disturbed(experiment, "watch", tmp_path / "log", throttle)
    is_taken_back(drilled, tmp_path, code)
    assert drilled.fingerprint() == before, "something stayed injected"
