"""Container images: repositories, their replication, and the functions that run them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.engine.play import REGION

if TYPE_CHECKING:
    from tests.contract.engine.cloud import Cloud
    from tests.contract.engine.play import Play, Script

OTHER = "us-west-2"
ACCOUNT = "123456789012"
LIFECYCLE = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": 30,
            },
            "action": {"type": "expire"},
        }
    ]
}
READERS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": ["ecr:BatchGetImage"],
        }
    ],
}


def repository(mutability: str = "IMMUTABLE", *, to: str = OTHER) -> Script:
    def script(play: Play) -> None:
        made = play.resource(
            "aws:ecr/repository:Repository",
            "r",
            {
                "name": "images",
                "imageTagMutability": mutability,
                "imageScanningConfiguration": {"scanOnPush": True},
                "forceDelete": True,
                "tags": {"a": "b"},
            },
        )
        for kind, policy in (("lifecyclePolicy", LIFECYCLE), ("repositoryPolicy", READERS)):
            token = f"aws:ecr/{kind}:{kind[0].upper()}{kind[1:]}"
            play.resource(token, kind, {"repository": made.id, "policy": json.dumps(policy)})
        rule = {
            "destinations": [{"region": to, "registryId": ACCOUNT}],
            "repositoryFilters": [{"filter": "images", "filterType": "PREFIX_MATCH"}],
        }
        play.resource(
            "aws:ecr/replicationConfiguration:ReplicationConfiguration",
            "c",
            {"replicationConfiguration": {"rules": [rule]}},
        )
        play.export(url=made.outputs["repositoryUrl"])

    return script


def push(cloud: Cloud, tag: str = "one", size: int = 1, *, region: str = REGION) -> str:
    """Push an image; returns its digest."""
    config = {"size": size, "digest": f"sha256:{size:064x}"}
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": []}
    answer = cloud.call(
        "ecr",
        "PutImage",
        region=region,
        repositoryName="images",
        imageManifest=json.dumps(manifest),
        imageTag=tag,
        imageDigest=f"sha256:{size:064x}",
    )
    return str(answer["image"]["imageId"]["imageDigest"])


def uri(digest: str, region: str = REGION) -> str:
    return f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/images@{digest}"


def function(role: str, image: str, **more: Any) -> Script:
    def script(play: Play) -> None:
        inputs = {"name": "f", "role": role, "packageType": "Image", "imageUri": image}
        repository()(play)
        play.resource("aws:lambda/function:Function", "f", inputs | {"publish": True} | more)

    return script


def images(cloud: Cloud, region: str) -> list[dict[str, Any]]:
    found = cloud.call("ecr", "DescribeImages", region=region, repositoryName="images")
    shown: list[dict[str, Any]] = found["imageDetails"]
    return shown


def test_a_repository_with_its_policies_is_made_updated_and_removed(cloud: Cloud) -> None:
    done = cloud.deploy(repository("MUTABLE"))
    assert done.outputs["url"] == f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/images"
    cloud.deploy(repository("MUTABLE"))
    assert cloud.steps() == []
    cloud.deploy(repository("IMMUTABLE", to="eu-west-1"))
    assert sorted(cloud.steps()) == [("update", "c"), ("update", "r")]
    shown = cloud.call("ecr", "DescribeRepositories")["repositories"][0]
    assert shown["imageTagMutability"] == "IMMUTABLE"
    assert shown["imageScanningConfiguration"] == {"scanOnPush": True}
    push(cloud)
    assert cloud.run(lambda _: None, "destroy").result == "done"
    assert cloud.call("ecr", "DescribeRepositories")["repositories"] == []
    registry = cloud.call("ecr", "DescribeRegistry")
    assert registry["replicationConfiguration"]["rules"] == []


def test_what_is_pushed_is_copied_to_the_other_region_under_the_same_digest(cloud: Cloud) -> None:
    cloud.deploy(repository())
    digest = push(cloud)
    [copied] = images(cloud, OTHER)
    assert (copied["imageDigest"], copied["imageTags"]) == (digest, ["one"])
    push(cloud, "two", 2, region=OTHER)
    assert len(images(cloud, REGION)) == 1, "the other Region has no rule of its own"


def test_an_immutable_tag_does_not_move(cloud: Cloud) -> None:
    cloud.deploy(repository())
    push(cloud, "one", 1)
    with pytest.raises(Exception, match="ImageTagAlreadyExists"):
        push(cloud, "one", 2)


def test_a_function_runs_an_image_of_its_own_region_by_digest(cloud: Cloud) -> None:
    cloud.deploy(repository())
    digest, role = push(cloud), cloud.role("runs", "lambda.amazonaws.com")
    cloud.deploy(function(role, uri(digest)))
    shown = cloud.call("lambda", "GetFunction", FunctionName="f")
    assert shown["Configuration"]["PackageType"] == "Image"
    assert shown["Configuration"]["CodeSha256"] == digest.removeprefix("sha256:")
    newer = push(cloud, "two", 2)
    cloud.deploy(function(role, uri(newer)))
    assert cloud.steps() == [("update", "f")]
    versions = cloud.call("lambda", "ListVersionsByFunction", FunctionName="f")["Versions"]
    assert [each["Version"] for each in versions] == ["$LATEST", "1", "2"]


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (uri("sha256:" + "f" * 64), "does not exist. Provide a valid source image"),
        (uri("sha256:" + "0" * 63 + "1", OTHER), "of the function's own Region, us-east-1"),
        ("docker.io/library/python:3", "is not valid"),
    ],
)
def test_an_image_that_lambda_cannot_take_is_refused(cloud: Cloud, image: str, said: str) -> None:
    cloud.deploy(repository())
    push(cloud)
    role = cloud.role("runs", "lambda.amazonaws.com")
    assert said in cloud.refusal(function(role, image))


def test_snapshots_are_refused_where_lambda_takes_none(cloud: Cloud) -> None:
    cloud.deploy(repository())
    image, role = uri(push(cloud)), cloud.role("runs", "lambda.amazonaws.com")
    asked = {
        "FunctionName": "g",
        "Role": role,
        "SnapStart": {"ApplyOn": "PublishedVersions"},
    }
    container = {"PackageType": "Image", "Code": {"ImageUri": image}}
    message = cloud.refused("lambda", "CreateFunction", **asked, **container)
    assert "not supported for functions with the package type Image" in message
    old = {"Runtime": "python3.11", "Handler": "h.h", "Code": {"ZipFile": b"PK"}}
    message = cloud.refused("lambda", "CreateFunction", **asked, **old)
    assert "python3.11 is not supported for SnapStart" in message


def test_an_image_with_what_only_a_zip_has_is_refused(cloud: Cloud) -> None:
    more = {"handler": "handler.handle", "runtime": "python3.13"}
    message = cloud.refusal(function("arn:aws:iam::123456789012:role/r", uri("sha256:0"), **more))
    assert "no handler of its own" in message
    assert "no runtime of its own" in message
