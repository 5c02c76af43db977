"""Container images: how to break these rules, and what they then say."""

from __future__ import annotations

from tests.policy.breaking import Broken, add, case, change

_REPOSITORY = "aws:ecr/repository:Repository"
_REPLICATION = "aws:ecr/replicationConfiguration:ReplicationConfiguration"
_NOWHERE = {"rules": [{"destinations": []}]}
_runs_an_image = change("Function", "us-east-1-predict", imageUri=f"images@sha256:{'a' * 64}")

BREAKS: tuple[Broken, ...] = (
    case(
        "images-stay-what-they-are",
        "lets a tag be moved",
        add(_REPOSITORY, "images", region="us-east-1", imageTagMutability="MUTABLE"),
    ),
    case("images-stay-what-they-are", "scans nothing", add(_REPOSITORY, "images")),
    case("images-stay-what-they-are", "not under the stack's key", add(_REPOSITORY, "images")),
    case("images-are-copied-to-every-region", "us-east-1 has no repository", _runs_an_image),
    case(
        "images-are-copied-to-every-region",
        "copies nothing to us-west-2",
        _runs_an_image,
        add(_REPLICATION, "copies", region="us-east-1", replicationConfiguration=_NOWHERE),
    ),
)
