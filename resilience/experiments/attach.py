"""Reaches the stack to drill: in an account, in an emulator that runs, or in a new one."""

from __future__ import annotations

import json
import os
import ssl
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resilience.aws import Aws, AwsMissingError
from resilience.client import Target
from resilience.clock import Clock
from resilience.credentials import Bearer, Certificate, Nothing
from resilience.experiments.core.guards import ALLOWED, ALLOWING_TAG
from resilience.experiments.grounding import account_of, ground_of
from resilience.experiments.laptop_world import Seat
from resilience.golden import read_release
from resilience.rehearsal.plan import BUSY_MACHINE_REAL_S
from resilience.resolver import own_name_server
from resilience.simulate.source import from_deployed

if TYPE_CHECKING:
    from collections.abc import Generator

    from resilience.credentials import Credential
    from resilience.experiments.core.ground import Ground
    from resilience.progress import Progress
    from resilience.rehearsal.options import Options
    from resilience.topology import Topology


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How clients on this machine reach a stack that is deployed already.

    `name_server` None is this machine's own; `speed` is that of an emulator that serves it.
    """

    outputs: Path | None = None
    name_server: tuple[str, int] | None = None
    https_port: int = 443
    ca_file: Path | None = None
    speed: float = 1.0
    rate_per_s: float = 10.0
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Attached:
    """A stack within reach."""

    seat: Seat
    ground: Ground
    not_proven: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict[str, str])


@contextmanager
def deployed(project_dir: Path, stack: str, reach: Reach) -> Generator[Attached]:
    """Reach a deployed stack. Reads only.

    Raises:
        SourceError: there is no such stack, or it cannot be read.
        AwsError: its release or its clients' credential cannot be read.
        NoNameServerError: none is named, and this machine has none.
        ReleaseError: what it serves is no release.
    """
    topology = from_deployed(project_dir, stack, reach.outputs)
    aws = Aws(os.environ)
    account = account_of(aws)
    clock = Clock(reach.speed)
    with tempfile.TemporaryDirectory(prefix="understudy-drill-") as folder:
        work = Path(folder)
        credential = _credential(aws, topology, work)
        trust = ssl.create_default_context(
            cafile=None if reach.ca_file is None else str(reach.ca_file)
        )
        target = Target(
            name=topology.predict_name,
            port=reach.https_port,
            trust=credential.present_in(trust),
            release=read_release(_release(aws, topology, work)),
            credential=credential,
        )
        seat = Seat(
            topology=topology,
            aws=aws,
            target=target,
            name_server=reach.name_server or own_name_server(),
            clock=clock,
            origin_s=clock.started_at().timestamp(),
            rate_per_s=reach.rate_per_s,
            seed=reach.seed,
        )
        ground = ground_of(topology, account, slack_s=BUSY_MACHINE_REAL_S * reach.speed)
        emulated = "AWS_ENDPOINT_URL" in os.environ
        yield Attached(
            seat=seat, ground=ground, environment={"aws": "emulated" if emulated else account}
        )


@contextmanager
def emulated(options: Options, progress: Progress) -> Generator[Attached]:
    """Deploy a stack into an emulated AWS, for one drill; nothing of it is left.

    The emulated stack is made for this, so its functions are tagged for drills.

    Raises:
        RefusedError, ReleaseError, StageGoneError: it could not be set up.
    """
    from resilience.rehearsal.run import deploy, release_zip
    from resilience.stage import Stage

    with tempfile.TemporaryDirectory(prefix="understudy-") as folder:
        work = Path(folder)
        progress.step("build the release and start the emulator")
        package = release_zip(options, work)
        with Stage.start(work / "emulator", speed=options.speed, seed=options.seed) as stage:
            topology = deploy(stage, options, package, progress)
            aws = Aws(stage.aws_environment)
            allow_drills(aws, topology)
            credential = stage.credential_for(topology.primary.listener)
            trust = ssl.create_default_context(cafile=str(stage.ca_file))
            clock = Clock(options.speed)
            seat = Seat(
                topology=topology,
                aws=aws,
                target=Target(
                    name=topology.predict_name,
                    port=stage.https_port,
                    trust=credential.present_in(trust),
                    release=read_release(package),
                    credential=credential,
                ),
                name_server=stage.dns_address,
                clock=clock,
                origin_s=stage.emulated_now_s(),
                rate_per_s=options.rate_per_s,
                seed=options.seed,
            )
            slack_s = BUSY_MACHINE_REAL_S * options.speed
            yield Attached(
                seat=seat,
                ground=ground_of(topology, account_of(aws), slack_s=slack_s),
                not_proven=stage.not_proven(),
                environment={"aws": "emulated"},
            )


def allow_drills(aws: Aws, topology: Topology) -> None:
    """Tag a stack's serving functions for drills. Changes AWS state; idempotent."""
    for region in topology.regions:
        arn = region.function.alias_arn.removesuffix(f":{region.function.alias}")
        aws.call(
            "lambda",
            "tag_resource",
            region=region.region,
            Resource=arn,
            Tags={ALLOWING_TAG: ALLOWED},
        )


def _release(aws: Aws, topology: Topology, work: Path) -> Path:
    """Fetch the release that is served from the standby's own bucket."""
    region = topology.standby
    reply = aws.call(
        "s3",
        "get_object",
        region=region.region,
        Bucket=region.release_bucket.name,
        Key=f"releases/{region.function.code_sha256}.zip",
    )
    path = work / "release.zip"
    path.write_bytes(reply["Body"].read())
    return path


def _credential(aws: Aws, topology: Topology, work: Path) -> Credential:
    """Read what the stack's own clients show, from the standby's secret; nothing without one."""
    name, region = f"{topology.project}-{topology.stack}-canary", topology.standby.region
    try:
        text = aws.call("secretsmanager", "get_secret_value", region=region, SecretId=name)
    except AwsMissingError:
        return Nothing()
    secret: dict[str, Any] = json.loads(text["SecretString"])
    if secret.get("kind") == "bearer":
        token = str(secret["token"])
        return Bearer(current=lambda: token, lasting=lambda: token)
    if secret.get("kind") == "certificate":
        certificate, key = work / "client.pem", work / "client.key"
        certificate.write_text(secret["certificate"], encoding="ascii")
        key.touch(mode=0o600)
        key.write_text(secret["key"], encoding="ascii")
        return Certificate(certificate=certificate, private_key=key)
    raise CredentialKindError(name, str(secret.get("kind")))


class CredentialKindError(Exception):
    """The stack's clients have a credential that a laptop cannot show."""

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(
            f"secret {name} has kind {kind!r}: expected bearer or certificate, which a drill can "
            "show from a laptop; run the drill from its state machine instead"
        )
        self.kind = kind
