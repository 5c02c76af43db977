"""The drill's function, packed and deployed, steps through a whole drill in Lambda."""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from botocore.config import Config
from commands import ROOT

from resilience.experiments.core.ground import to_json
from resilience.experiments.grounding import account_of, ground_of
from resilience.experiments.verify import differences
from resilience.journal import read_journal

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Shared
    from drilled import Drilled

FOLDERS: Final = (
    *("resilience/experiments/core", "resilience/experiments/catalogue", "resilience/failover"),
)
FILES: Final = (
    *("resilience/experiments/chaos.py", "resilience/measurement.py", "resilience/objectives.py"),
    *("resilience/records.py", "resilience/functions/drill.py"),
    *("resilience/functions/drill_world.py", "resilience/functions/client_credential.py"),
    *("resilience/functions/golden_request.py", "resilience/functions/metric_line.py"),
    "resilience/functions/observer_memory.py",
)
NAME: Final = "understudy-staging-drill-under-test"
EXPERIMENT: Final = "dns-switchover"
DEADLINE_S: Final = 600.0


def package(release: Path) -> bytes:
    """Pack the function as the program packs its own: modules under their own names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file, zipfile.ZipFile(release) as released:
        for folder in FOLDERS:
            for path in sorted((ROOT / folder).glob("*.py")):
                file.write(path, path.relative_to(ROOT))
        for name in FILES:
            file.write(ROOT / name, name)
        file.writestr("resilience/functions/golden.json", released.read("golden.json"))
    return out.getvalue()


def deployed(drilled: Drilled, release: Path, environment: dict[str, str]) -> Any:
    """Create the function with a role that may do everything; gives a client that waits."""
    iam = boto3.client("iam", region_name="us-east-1", **drilled.client)
    trusting = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    anything = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
    role = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(trusting))
    iam.put_role_policy(RoleName=NAME, PolicyName="all", PolicyDocument=json.dumps(anything))
    region = drilled.topology.standby
    config = Config(read_timeout=120, retries={"total_max_attempts": 1})
    functions = boto3.client("lambda", region_name=region.region, config=config, **drilled.client)
    serving = functions.get_function_configuration(FunctionName=region.function.name)
    functions.create_function(
        FunctionName=NAME,
        Runtime=serving["Runtime"],
        Architectures=serving["Architectures"],
        Role=role["Role"]["Arn"],
        Handler="resilience.functions.drill.handle",
        Code={"ZipFile": package(release)},
        Timeout=120,
        MemorySize=512,
        Environment={"Variables": environment},
    )
    return functions


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_function_drills_step_by_step_and_writes_a_journal(
    shared: Shared, release_zip: Path
) -> None:
    drilled = shared.drilled()
    topology = drilled.topology
    drilled.wait_well(EXPERIMENT)
    before = drilled.fingerprint()
    functions = deployed(
        drilled,
        release_zip,
        {
            "UNDERSTUDY_DRILL": to_json(ground_of(topology, account_of(drilled.aws))),
            "UNDERSTUDY_RELEASE_DIGEST": topology.standby.function.release_digest or "",
            "UNDERSTUDY_METRICS_NAMESPACE": "Understudy/staging",
            "UNDERSTUDY_JOURNAL_BUCKET": topology.standby.prediction_bucket.name,
        },
    )
    answer: dict[str, Any] = {"next": "begin", "wait_s": 0}
    seen: list[str] = []
    give_up_s = time.monotonic() + DEADLINE_S
    while answer["next"] is not None:
        assert time.monotonic() < give_up_s, f"the drill did not end: {seen[-5:]}, {answer}"
        event = {"step": answer["next"], "experiment": EXPERIMENT, "drill": "in-lambda"}
        reply = functions.invoke(FunctionName=NAME, Payload=json.dumps(event))
        answer = json.loads(reply["Payload"].read())
        assert "FunctionError" not in reply, answer
        seen.append(answer["step"])
    assert answer["verdict"] == "met", answer["why"]
    assert list(dict.fromkeys(seen)) == [
        *("begin", "steady-before", "inject", "watch", "rollback", "steady-after", "report"),
    ]
    assert drilled.fingerprint() == before
    body = drilled.aws.call(
        "s3",
        "get_object",
        region=topology.standby.region,
        Bucket=topology.standby.prediction_bucket.name,
        Key="drills/in-lambda/journal.json",
    )["Body"].read()
    path = drilled.folder / "in-lambda.json"
    path.write_bytes(body)
    journal = read_journal(path)
    assert journal.verdict == "met"
    assert differences(journal) == ()
