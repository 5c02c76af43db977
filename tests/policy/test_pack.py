"""The policy pack over its real wire: started and asked as the Pulumi CLI does it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import proxy

from policy import RULES, Graph, Resource
from policy.graph import UNKNOWN
from tests.infra.graph import run_program, stack_config
from tests.policy.breaking import broken, change, drop

if TYPE_CHECKING:
    from collections.abc import Iterator

PACK = Path(__file__).resolve().parents[2] / "policy" / "pack"
WITHIN_S = 60.0


@pytest.fixture(scope="module")
def pack() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """The pack's own process; like the CLI, it is given an address of an engine and its folder."""
    process = subprocess.Popen(
        [sys.executable, "-u", str(PACK / "__main__.py"), "127.0.0.1:1", str(PACK)],
        cwd=PACK,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            grpc.channel_ready_future(channel).result(timeout=WITHIN_S)
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.kill()
        process.communicate(timeout=WITHIN_S)


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(values)
    return made


def options(resource: Resource) -> analyzer_pb2.AnalyzerResourceOptions:
    return analyzer_pb2.AnalyzerResourceOptions(protect=resource.protect, parent=resource.parent)


def marked(value: Any) -> Any:
    """A value with what a preview does not know as Pulumi's wire has it."""
    if isinstance(value, dict):
        return {key: marked(each) for key, each in value.items()}
    if isinstance(value, list):
        return [marked(each) for each in value]
    return proxy.UNKNOWN_STRING_VALUE if value == UNKNOWN else value


@pytest.fixture(scope="module")
def preview(release_zip: Path) -> Graph:
    """A first preview of staging, in which nothing is known that AWS makes up."""
    return run_program("staging", stack_config("staging"), release_zip, preview=True)


def asked(pack: analyzer_pb2_grpc.AnalyzerStub, graph: Graph) -> Any:
    """Show a graph to the pack as the engine does; return diagnostics and what is left open."""
    said, left = [], []
    shown = []
    for each in graph.resources.values():
        inputs = marked(each.inputs)
        answer = pack.Analyze(
            analyzer_pb2.AnalyzeRequest(
                type=each.type,
                properties=struct(inputs),
                urn=each.urn,
                name=each.name,
                options=options(each),
            ),
            timeout=WITHIN_S,
        )
        said += answer.diagnostics
        left += answer.not_applicable
        outputs = marked(each.outputs) | inputs | ({"id": each.id} if each.id else {})
        shown.append(
            analyzer_pb2.AnalyzerResource(
                type=each.type,
                properties=struct(outputs),
                urn=each.urn,
                name=each.name,
                options=options(each),
                parent=each.parent,
                dependencies=sorted(each.dependencies),
                propertyDependencies={
                    key: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
                    for key, urns in each.property_dependencies.items()
                },
            )
        )
    stack = analyzer_pb2.AnalyzerResource(
        type="pulumi:pulumi:Stack",
        name="understudy-staging",
        urn="urn:pulumi:staging::understudy::pulumi:pulumi:Stack::understudy-staging",
        properties=struct(marked(graph.outputs)),
    )
    request = analyzer_pb2.AnalyzeStackRequest(resources=[*shown, stack])
    answer = pack.AnalyzeStack(request, timeout=WITHIN_S)
    return [*said, *answer.diagnostics], [*left, *answer.not_applicable]


def test_the_pack_tells_every_rule(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    info = pack.GetAnalyzerInfo(empty_pb2.Empty(), timeout=WITHIN_S)
    assert info.name == "understudy"
    told = {each.name: each for each in info.policies}
    assert set(told) == {"what-the-program-asks-for", *(rule.id for rule in RULES)}
    for rule in RULES:
        assert told[rule.id].enforcementLevel == analyzer_pb2.MANDATORY, "a broken rule stops"
        assert told[rule.id].url == rule.source


def test_the_sound_program_passes(pack: analyzer_pb2_grpc.AnalyzerStub, staging: Graph) -> None:
    said, left = asked(pack, staging)
    assert said == []
    assert left == [], "after a deploy everything is known"


def test_a_broken_program_is_stopped_with_the_rule_and_the_resource(
    pack: analyzer_pb2_grpc.AnalyzerStub, staging: Graph
) -> None:
    wrong = broken(
        staging,
        change("TargetGroup", "us-east-1-predict", healthCheck={"enabled": False}),
        change("Record", "us-east-1-link", healthCheckId=None),
        drop("BucketReplicationConfig"),
    )
    said, _ = asked(pack, wrong)
    told = {(each.policyName, each.urn.rpartition("::")[2]): each.message for each in said}
    assert "its health check is off" in told.pop(
        ("lambda-targets-are-checked", "us-east-1-predict-target-group")
    )
    assert "has no health check" in told.pop(
        ("every-routed-record-has-its-health-check", "us-east-1-link")
    )
    assert "are not copied from" in told.pop(("replication-goes-both-ways", ""))
    assert not told, "nothing else is wrong"


def test_a_first_preview_of_the_sound_program_passes_as_far_as_it_can_see(
    pack: analyzer_pb2_grpc.AnalyzerStub, preview: Graph
) -> None:
    said, left = asked(pack, preview)
    assert [f"{each.urn} {each.message}" for each in said] == [], "no false alarm"
    open_rules = {each.policy_name for each in left}
    assert "the-request-path-may-only-log" in open_rules, "its policy names an ARN not yet known"
    assert len(open_rules) < len(RULES) / 3, f"most are decided before anything is made: {left}"


def test_a_first_preview_stops_a_broken_program_before_anything_is_made(
    pack: analyzer_pb2_grpc.AnalyzerStub, preview: Graph
) -> None:
    wrong = broken(
        preview,
        change("LoadBalancer", clientKeepAlive=None),
        change("HealthCheck", "us-east-1-health-evacuation", invertHealthcheck=False),
        change("Function", "us-west-2-predict", memorySize=128),
    )
    said, _ = asked(pack, wrong)
    assert {each.policyName for each in said} == {
        "load-balancers-let-clients-go",
        "evacuation-checks-ask-a-watcher",
        "standbys-match-the-primary",
    }
