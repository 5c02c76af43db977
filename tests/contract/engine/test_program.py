"""The real SDK on the real wire: programs in a child process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator import guard
from emulator.engine import Outcome, Request
from emulator.engine.runner import Runner

if TYPE_CHECKING:
    from emulator.engine.request import Kind
    from tests.contract.engine.cloud import Cloud

FULL = """
import pulumi
import pulumi_aws as aws


class Pair(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("made:index:Pair", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.one = aws.ssm.Parameter(
            "one", type="String", value=pulumi.Output.secret("hidden"), opts=child
        )
        self.two = aws.ssm.Parameter(
            "two", type="String", value=self.one.name, opts=pulumi.ResourceOptions(
                parent=self, depends_on=[self.one], custom_timeouts={"create": "5m"},
                aliases=[pulumi.Alias(name="second")],
            )
        )
        self.register_outputs({"one": self.one})


pair = Pair("pair")
vpc = aws.ec2.Vpc("v", cidr_block="10.0.0.0/16")
same = aws.ec2.Vpc.get("same", vpc.id)
folder = aws.s3.Bucket("b", force_destroy=True)
after = pulumi.ResourceOptions(depends_on=[pair])
text = pulumi.StringAsset("text")
aws.s3.BucketObjectv2("t", bucket=folder, key="t", source=text, opts=after)
file = aws.s3.BucketObjectv2("f", bucket=folder, key="f", source=pulumi.FileAsset("data.txt"))
tree = aws.s3.BucketObjectv2("a", bucket=folder, key="a", source=pulumi.AssetArchive({
    "x/data.txt": pulumi.FileAsset("data.txt"), "tree": pulumi.FileArchive("tree"),
}))
pulumi.log.info("nearly done")
print("printed")
pulumi.export("cidr", same.cidr_block)
pulumi.export("secret", pair.one.value)
pulumi.export("two", pair.two.value.apply(lambda name: name.split("-")[0]))
pulumi.export("vpc", vpc)
pulumi.export("tags", vpc.tags_all)
"""


def run(cloud: Cloud, text: str, kind: Kind = "deploy") -> Outcome:
    (cloud.project_dir / "__main__.py").write_text(text)
    cloud.events = []
    runner = Runner(cloud.aws, cloud.work_dir, cloud.events.append)
    return runner.run(Request(kind=kind, project_dir=cloud.project_dir, stack="up"))


def test_a_whole_program_is_previewed_deployed_left_alone_and_destroyed(cloud: Cloud) -> None:
    (cloud.project_dir / "data.txt").write_text("data")
    (cloud.project_dir / "tree").mkdir()
    (cloud.project_dir / "tree" / "leaf.txt").write_text("leaf")
    preview = run(cloud, FULL, "preview")
    assert preview.result == "done", preview
    assert not cloud.state().resources()

    done = run(cloud, FULL)
    assert done.result == "done", done
    outputs = dict(done.outputs)
    vpc = outputs.pop("vpc")
    assert vpc["id"].startswith("vpc-"), "a whole resource among the outputs"
    assert "mainRouteTableId" not in vpc, "what is not computed is left out of it"
    assert outputs == {"cidr": "10.0.0.0/16", "secret": "hidden", "two": "one", "tags": {}}
    logs = [each["message"] for each in cloud.events if each["event"] == "log"]
    assert logs == ["nearly done"]
    states = {each.name: each for each in cloud.state().resources()}
    assert "value" in states["one"].secrets, "a secret stays marked as one"
    assert states["two"].parent == states["pair"].urn
    assert states["one"].urn in states["t"].dependencies, "a component stands for its children"
    assert states["same"].external

    first = states["a"].inputs["source"]["hash"]
    again = run(cloud, FULL)
    assert again.summary["same"] == 8, cloud.steps()
    assert {op for op, _ in cloud.steps()} == {"read"}
    assert cloud.state().get(states["a"].urn).inputs["source"]["hash"] == first, (  # type: ignore[union-attr]
        "the same content makes the same bytes"
    )

    (cloud.project_dir / "tree" / "leaf.txt").write_text("other leaf")
    run(cloud, FULL)
    assert ("update", "a") in cloud.steps(), "a changed file is a changed archive"
    assert run(cloud, FULL, "destroy").result == "done"
    assert cloud.call("s3", "ListBuckets")["Buckets"] == []


def test_a_crash_shows_the_users_own_frames_and_nothing_of_ours(cloud: Cloud) -> None:
    outcome = run(
        cloud,
        "import pulumi\n\n\ndef broken():\n    return {}['key']\n\n\nbroken()\n",
    )
    assert outcome.result == "failed"
    assert outcome.traceback.endswith("KeyError: 'key'")
    assert 'File "' in outcome.traceback
    assert "in broken" in outcome.traceback
    for ours in ("child.py", "runpy", "asyncio", "pulumi/runtime"):
        assert ours not in outcome.traceback, outcome.traceback


def test_a_crash_inside_apply_and_a_wrong_type_are_told_readably(cloud: Cloud) -> None:
    outcome = run(
        cloud,
        "import pulumi\npulumi.export('x', pulumi.Output.from_input(1).apply(lambda n: n / 0))\n",
    )
    assert outcome.result == "failed"
    assert "ZeroDivisionError" in outcome.traceback
    outcome = run(cloud, "import pulumi_aws as aws\naws.ec2.Vpc('v', cidr='10.0.0.0/16')\n")
    assert outcome.result == "failed"
    assert "unexpected keyword argument 'cidr'" in outcome.traceback


def test_a_missing_module_and_a_missing_program_are_failures_too(cloud: Cloud) -> None:
    assert "No module named 'nowhere'" in run(cloud, "import nowhere\n").traceback
    (cloud.project_dir / "__main__.py").unlink()
    runner = Runner(cloud.aws, cloud.work_dir, cloud.events.append)
    outcome = runner.run(Request(kind="deploy", project_dir=cloud.project_dir, stack="up"))
    assert outcome.result == "failed"
    assert "__main__.py" in outcome.traceback


def test_a_refusal_names_the_resource_and_is_not_a_crash(cloud: Cloud) -> None:
    outcome = run(
        cloud,
        "import pulumi_aws as aws\n"
        "zone = aws.route53.Zone('z', name='example.test')\n"
        "aws.apigateway.RestApi('api')\n"
        "aws.lb.TargetGroup('t', target_type='lambda', slow_start=30, stickiness={'type': 'x'})\n"
        "aws.ec2.get_ami(owners=['self'])\n",
    )
    assert outcome.result == "refused"
    assert outcome.traceback == ""
    messages = {(each.urn or "").rpartition("::")[2]: each.message for each in outcome.problems}
    assert "'aws:apigateway/restApi:RestApi' is not in the emulator's catalogue" in messages["api"]
    assert "input 'stickiness' is not supported" in messages["t"]
    assert "aws:ec2/getAmi:getAmi" in messages[""]


def test_the_program_reaches_loopback_only(cloud: Cloud) -> None:
    outcome = run(cloud, "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=1)\n")
    assert outcome.result == "failed"
    assert "LoopbackOnlyError" in outcome.traceback


def test_the_program_ends_when_whoever_started_it_is_gone(tmp_path: Path) -> None:
    """The lifeline: closing the child's standard input ends it, whatever it is doing."""
    (tmp_path / "__main__.py").write_text("import time\nprint('on', flush=True)\ntime.sleep(600)\n")
    from emulator.engine import program

    child = Path(program.__file__).with_name("child.py")
    spec: dict[str, Any] = {
        "project": "p",
        "stack": "s",
        "root": str(tmp_path),
        "program": str(tmp_path),
        "monitor": None,
        "engine": None,
        "dry_run": False,
        "guard": guard.__file__,
    }
    with subprocess.Popen(
        [sys.executable, "-P", str(child), json.dumps(spec)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"on\n"
        process.stdin.close()
        assert process.wait(timeout=10) == 3
