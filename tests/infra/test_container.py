"""The container runtime: its settings, and what the program makes of them."""

import json
from pathlib import Path

import pytest

import policy
from infra.container import lifecycle_policy
from infra.release import ReleaseError, read_release
from infra.settings import SettingsError, parse_settings
from tests.infra.conftest import write_release
from tests.infra.graph import Recorded, Resource, run_program, stack_config

DIGEST = "sha256:" + "ab" * 32
REGIONS = ["us-east-1", "us-west-2"]


def refusals(**overrides: str) -> dict[str, str]:
    config = stack_config("staging", **overrides)
    with pytest.raises(SettingsError) as caught:
        parse_settings(config, project="understudy", stack="staging")
    return {each.key.removeprefix("understudy:"): str(each) for each in caught.value.problems}


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    release = tmp_path_factory.mktemp("release") / "release.zip"
    write_release(release, {"runtime": "joblib"})
    config = stack_config("staging", runtime="container", containerImage=DIGEST)
    return run_program("staging", config, release)


def found(graph: Recorded, kind: str) -> list[Resource]:
    return [each for each in graph.resources.values() if each.type == kind]


@pytest.mark.parametrize(
    ("overrides", "key", "said"),
    [
        ({"runtime": "docker"}, "runtime", '"zip" or "container"'),
        ({"runtime": "container"}, "containerImage", "digest of an image"),
        ({"containerImage": DIGEST}, "containerImage", 'empty with runtime "zip"'),
        ({"runtime": "container", "containerImage": "v1"}, "containerImage", "64 hex digits"),
        ({"registryReplication": "no"}, "registryReplication", "true or false"),
        (
            {"runtime": "container", "containerImage": DIGEST, "snapStart": "true"},
            "snapStart",
            "no snapshots of images",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused_by_key(
    overrides: dict[str, str], key: str, said: str
) -> None:
    problems = refusals(**overrides)
    assert list(problems) == [key]
    assert said in problems[key]


def test_a_joblib_release_needs_a_container(tmp_path: Path) -> None:
    path = write_release(tmp_path / "release.zip", {"runtime": "joblib"})
    with pytest.raises(ReleaseError, match="understudy:runtime container"):
        read_release(path)
    assert len(read_release(path, container=True).release_digest) == 64
    path = write_release(tmp_path / "other.zip", {"runtime": "onnx"})
    with pytest.raises(ReleaseError, match="arrays or joblib"):
        read_release(path, container=True)


def test_every_region_runs_the_same_image_from_its_own_repository(container: Recorded) -> None:
    functions = {
        each.inputs["region"]: each.inputs
        for each in found(container, "aws:lambda/function:Function")
        if "predict" in each.name
    }
    assert sorted(functions) == REGIONS
    for region, inputs in functions.items():
        assert inputs["packageType"] == "Image"
        assert f".dkr.ecr.{region}." in inputs["imageUri"], "a Region needs no other to start"
        assert inputs["imageUri"].endswith(f"@{DIGEST}"), "a digest is one image; a tag is not"
        assert not {"handler", "runtime", "s3Key"} & inputs.keys()
        assert inputs["environment"]["variables"]["UNDERSTUDY_RELEASE_DIGEST"]
        assert inputs["architectures"] == ["arm64"], "what the how-to builds for"


def test_repositories_keep_their_tags_scan_what_is_pushed_and_encrypt_with_the_stacks_key(
    container: Recorded,
) -> None:
    repositories = found(container, "aws:ecr/repository:Repository")
    assert sorted(each.inputs["region"] for each in repositories) == REGIONS
    for each in repositories:
        assert each.inputs["imageTagMutability"] == "IMMUTABLE"
        assert each.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        [encryption] = each.inputs["encryptionConfigurations"]
        assert encryption["encryptionType"] == "KMS"
        assert encryption["kmsKey"]


def test_images_are_copied_from_each_region_to_all_others(container: Recorded) -> None:
    kind = "aws:ecr/replicationConfiguration:ReplicationConfiguration"
    copies = {
        each.inputs["region"]: each.inputs["replicationConfiguration"]["rules"]
        for each in found(container, kind)
    }
    assert sorted(copies) == REGIONS, "an image can be pushed while any one Region is lost"
    for region, [rule] in copies.items():
        assert [each["region"] for each in rule["destinations"]] == [
            other for other in REGIONS if other != region
        ]


def test_only_what_no_tag_names_expires() -> None:
    """What a Region serves, or would be rolled back to, is an image with a tag."""
    rules = json.loads(lifecycle_policy())["rules"]
    assert {each["selection"]["tagStatus"] for each in rules} == {"untagged"}


def test_a_stack_that_serves_from_an_image_keeps_every_rule(container: Recorded) -> None:
    assert [str(each) for each in policy.check(container)] == []


def test_a_zip_stack_has_no_repository(staging: Recorded) -> None:
    assert found(staging, "aws:ecr/repository:Repository") == []
