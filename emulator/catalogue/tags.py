"""The forms in which AWS services take tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.catalogue.model import Subject, Tags, Values

if TYPE_CHECKING:
    from collections.abc import Mapping


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as a list of Key and Value."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def ec2(resource_type: str) -> Tags:
    """EC2: with the create call, changed by resource id."""
    return Tags(
        with_create=lambda tags: {
            "TagSpecifications": [{"ResourceType": resource_type, "Tags": as_list(tags)}]
        },
        put=lambda subject, tags: (
            "CreateTags",
            {"Resources": [subject.id], "Tags": as_list(tags)},
        ),
        drop=lambda subject, keys: (
            "DeleteTags",
            {"Resources": [subject.id], "Tags": [{"Key": key} for key in keys]},
        ),
    )


def listed(  # noqa: PLR0913  # one keyword for each name a service chose
    *,
    put: str,
    drop: str,
    target: str,
    target_list: bool = False,
    keys: str = "TagKeys",
    with_create: bool = True,
    drop_tags: bool = False,
    more: Mapping[str, Any] | None = None,
) -> Tags:
    """A list of Key and Value, with the create call, changed by `put` and `drop` on `target`.

    `drop_tags`: the service removes tags by whole tags instead of by keys.
    """

    def place(subject: Subject) -> Values:
        return {target: [subject.id] if target_list else subject.id, **(more or {})}

    return Tags(
        with_create=(lambda tags: {"Tags": as_list(tags)}) if with_create else None,
        put=lambda subject, tags: (put, place(subject) | {"Tags": as_list(tags)}),
        drop=lambda subject, names: (
            drop,
            place(subject) | {keys: [{"Key": each} for each in names] if drop_tags else names},
        ),
    )


def mapped(*, put: str, drop: str, target: str, member: str, keys: str, arn: str) -> Tags:
    """A map, with the create call, changed by `put` and `drop` on the ARN at `arn`."""

    def place(subject: Subject) -> Values:
        return {target: subject.arn(*arn.format(id=subject.id).split("|"))}

    return Tags(
        with_create=lambda tags: {member: dict(tags)},
        put=lambda subject, tags: (put, place(subject) | {member: dict(tags)}),
        drop=lambda subject, names: (drop, place(subject) | {keys: names}),
    )


def route53(resource_type: str) -> Tags:
    """Route 53: a call of its own, by type and id."""

    def place(subject: Subject) -> Values:
        return {"ResourceType": resource_type, "ResourceId": subject.id}

    return Tags(
        put=lambda subject, tags: (
            "ChangeTagsForResource",
            place(subject) | {"AddTags": as_list(tags)},
        ),
        drop=lambda subject, keys: (
            "ChangeTagsForResource",
            place(subject) | {"RemoveTagKeys": keys},
        ),
    )
