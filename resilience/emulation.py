"""A stack kept running in the emulator, with what to type to look at it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from resilience.golden import PREDICT_PATH, read_release
from resilience.rehearsal.run import deploy, release_zip
from resilience.resolver import NameServer
from resilience.stage import Stage

if TYPE_CHECKING:
    from resilience.progress import Progress
    from resilience.rehearsal.options import Options
    from resilience.topology import Topology

ALIVE_EVERY_S = 0.25
DNS_TIMEOUT_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """Where everything is, for someone who wants to look.

    `address` is one of the primary's (`region`). The name itself may lead elsewhere for the first
    half minute: new inverted health checks begin unhealthy, and not all turn at once.
    `credential`: what curl shows to be let in; good for a year of the emulated clock.
    """

    predict_name: str
    address: str
    https_port: int
    dns_host: str
    dns_port: int
    ca_file: str
    control: str
    golden_request: str
    outputs: str
    credential: tuple[str, ...]
    aws: dict[str, str]
    region: str
    prediction_buckets: dict[str, str]

    def environment(self) -> dict[str, str]:
        """What `./run status` and its like need to find this stack instead of one in AWS."""
        return {
            **self.aws,
            "UNDERSTUDY_NAME_SERVER": f"{self.dns_host}:{self.dns_port}",
            "UNDERSTUDY_HTTPS_PORT": str(self.https_port),
            "UNDERSTUDY_CA_FILE": self.ca_file,
            "UNDERSTUDY_OUTPUTS": self.outputs,
        }

    def text(self) -> str:
        """Say what to type."""
        name, dns = self.predict_name, f"@{self.dns_host} -p {self.dns_port}"
        keys = " ".join(f"{key}={self.aws[key]}" for key in sorted(self.aws) if "_KEY" in key)
        bucket = self.prediction_buckets[self.region]
        return "\n".join(
            (
                "",
                "Who serves, and for how long that may be kept:",
                f"  dig {dns} {name} A",
                "",
                "A prediction (after a failover, put dig's answer in place of the address):",
                f"  curl --cacert {self.ca_file} \\",
                f"    --resolve {name}:{self.https_port}:{self.address} \\",
                *(f"    {option} \\" for option in self.credential),
                f"    -H 'content-type: application/json' -d @{self.golden_request} \\",
                f"    https://{name}:{self.https_port}{PREDICT_PATH}",
                "",
                "The account:",
                f"  {keys} \\",
                f"  aws --endpoint-url {self.aws['AWS_ENDPOINT_URL']} --region {self.region} \\",
                f"    s3api get-bucket-replication --bucket {bucket}",
                "",
                "The commands of the person on call (status, evacuate, failback, ...):",
                *(f"  export {name}={value}" for name, value in self.environment().items()),
                "  ./run status",
                "",
                "Lose a Region; give it back with DELETE on /faults/<id of the answer>:",
                f"  curl {self.control}/faults -d '"
                + json.dumps({"kind": "region", "target": self.region})
                + "'",
                "",
                "Ctrl-C ends it and leaves nothing behind.",
            )
        )


def emulate(options: Options, progress: Progress, *, as_json: bool) -> bool:
    """Deploy, print what to type, and stay until interrupted.

    Returns:
        Whether the user ended it; False if the emulator did.

    Raises:
        RefusedError, ReleaseError, StageGoneError: it could not be set up.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="understudy-") as folder:
            _stay(options, progress, Path(folder), as_json=as_json)
    except KeyboardInterrupt:
        return True
    return False


def _stay(options: Options, progress: Progress, work: Path, *, as_json: bool) -> None:
    progress.step("build the release and start the emulator")
    package = release_zip(options, work)
    release = read_release(package)
    with Stage.start(work / "emulator", speed=options.speed, seed=options.seed) as stage:
        topology = deploy(stage, options, package, progress)
        golden = work / "golden-request.json"
        golden.write_bytes(release.golden[0].body)
        outputs = work / "outputs.json"
        outputs.write_text(json.dumps(stage.resources()["outputs"]))
        invitation = _invite(stage, topology, golden, outputs)
        progress.step(f"stack {options.stack} is up")
        text = json.dumps(dataclasses.asdict(invitation)) if as_json else invitation.text()
        print(text, flush=True)  # noqa: T201 - this is what the command is for
        while stage.alive():
            time.sleep(ALIVE_EVERY_S)


def _invite(stage: Stage, topology: Topology, golden: Path, outputs: Path) -> Invitation:
    host, port = stage.dns_address
    name_server = NameServer(stage.dns_address, timeout_s=DNS_TIMEOUT_S)
    answer = asyncio.run(name_server.resolve(topology.primary.regional_name))
    return Invitation(
        predict_name=topology.predict_name,
        address=answer.addresses[0],
        https_port=stage.https_port,
        dns_host=host,
        dns_port=port,
        ca_file=str(stage.ca_file),
        control=stage.control,
        golden_request=str(golden),
        outputs=str(outputs),
        credential=stage.credential_for(topology.primary.listener).curl_options(),
        aws=stage.aws_environment,
        region=topology.primary.region,
        prediction_buckets={
            region.region: region.prediction_bucket.name for region in topology.regions
        },
    )
