"""What is only in one Region is found, copied once, verified, and never put over newer."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from topologies import topology

from resilience.aws import AwsRefusedError, AwsUnreachableError, Call
from resilience.oncall.lacking import Lacking, lacking_items, lacking_objects
from resilience.oncall.replaying import Checkpoint, Replay, Replayed

if TYPE_CHECKING:
    from pathlib import Path

    from resilience.aws import Aws

STACK = topology(2)
EAST, WEST = STACK.regions
NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)


def version(key: str, *, size: int = 3, latest: bool = True, at_s: float = 0) -> dict[str, Any]:
    at = NOON + timedelta(seconds=at_s)
    return {"Key": key, "IsLatest": latest, "LastModified": at, "Size": size}


def item(sk: str, written_at: str) -> dict[str, Any]:
    return {"pk": {"S": "outcome"}, "sk": {"S": sk}, "written_at": {"S": written_at}}


def test_only_what_the_other_has_in_no_form_is_lacking_and_the_oldest_is_first() -> None:
    there = {
        ("both", "1"): version("both"),
        ("replayed", "1"): version("replayed"),
        ("another", "1"): version("another", at_s=9),
        ("young", "1"): version("young", at_s=5),
        ("old", "1"): version("old", at_s=1),
        ("old", "0"): version("old", latest=False),
    }
    here = {
        ("both", "1"): version("both"),
        ("replayed", "9"): version("replayed"),
        ("another", "9"): version("another", size=4),
    }
    assert [each.key for each in lacking_objects(there, here)] == ["old", "young", "another"]


def test_an_item_is_lacking_if_it_is_not_there_or_older_there() -> None:
    there = {("outcome", sk): item(sk, at) for sk, at in (("a", "1"), ("b", "2"), ("c", "3"))}
    here = {("outcome", "b"): item("b", "1"), ("outcome", "c"): item("c", "4")}
    assert [each.sk for each in lacking_items(there, here, NOON.timestamp())] == ["a", "b"]


def test_an_item_that_has_expired_is_not_lacking() -> None:
    expires_at = {"N": str(NOON.timestamp())}
    there = {("outcome", "a"): item("a", "1") | {"expires_at": expires_at}}
    assert lacking_items(there, {}, NOON.timestamp()) == ()
    assert len(lacking_items(there, {}, NOON.timestamp() - 1)) == 1


@dataclass
class Account:
    """Two Regions' objects and items; `dies_after` calls it does not answer any more."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    items: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    garbles: bool = False
    dies_after: int = 10_000
    puts: int = 0

    def call(self, service: str, operation: str, *, region: str, **asked: Any) -> Any:
        made = Call(service=service, operation=operation, region=region)
        self.dies_after -= 1
        if self.dies_after < 0:
            raise AwsUnreachableError(made, "gone")
        if operation in {"put_object", "put_item"}:
            self.puts += 1
            assert region == WEST.region, "nothing is ever written into the source"
        key = asked["Key"] if "Key" in asked else asked["Item"]
        if service == "s3":
            place = (region, key)
            if operation == "get_object":
                return {"Body": io.BytesIO(self.objects[place]), "ContentType": "text/plain"}
            assert asked["IfNoneMatch"] == "*"
            if place in self.objects:
                raise AwsRefusedError(made, "PreconditionFailed", "it is there")
            self.objects[place] = asked["Body"] + (b"!" if self.garbles else b"")
            return {}
        place = (region, key["sk"]["S"])
        if operation == "get_item":
            return {"Item": self.items[place]} if place in self.items else {}
        known = self.items.get(place)
        if known is not None and known["written_at"]["S"] >= key["written_at"]["S"]:
            raise AwsRefusedError(made, "ConditionalCheckFailedException", "it is newer")
        self.items[place] = key
        return {}


def account() -> Account:
    objects = {(EAST.region, name): name.encode() * 3 for name in ("a", "b", "c")}
    return Account(objects=objects, items={(EAST.region, "i"): item("i", "2")})


def lacking() -> Lacking:
    there = {(name, "1"): version(name) for name in ("a", "b", "c")}
    return Lacking(
        source=EAST.region,
        destination=WEST.region,
        objects=lacking_objects(there, {}),
        items=lacking_items({("outcome", "i"): item("i", "2")}, {}, 0.0),
    )


def replay(aws: Account, path: Path) -> Replayed:
    return Replay(
        cast("Aws", aws),
        EAST,
        WEST,
        table="understudy-staging",
        checkpoint=Checkpoint(path),
        tell=lambda _: None,
    ).run(lacking())


def test_a_replay_copies_and_verifies_everything_and_a_second_one_nothing(tmp_path: Path) -> None:
    aws = account()
    found = replay(aws, tmp_path / "c.jsonl")
    assert (found.copied, found.before, found.there, found.unverified) == (4, 0, (), ())
    assert found.copied_bytes == 9
    assert aws.objects[WEST.region, "a"] == b"aaa"
    assert aws.items[WEST.region, "i"] == item("i", "2")
    again = replay(aws, tmp_path / "c.jsonl")
    assert (again.copied, again.before, aws.puts) == (0, 4, 4)
    forgotten = replay(aws, tmp_path / "other.jsonl")
    assert len(forgotten.there) == 4, "without its checkpoint it still replaces nothing"
    assert aws.objects[WEST.region, "a"] == b"aaa"


@pytest.mark.parametrize("calls", range(12))
def test_a_replay_that_is_killed_anywhere_goes_on_from_there(tmp_path: Path, calls: int) -> None:
    aws = account()
    aws.dies_after = calls
    with pytest.raises(AwsUnreachableError):
        replay(aws, tmp_path / "c.jsonl")
    aws.dies_after = 10_000
    found = replay(aws, tmp_path / "c.jsonl")
    assert found.copied + found.before + len(found.there) == 4
    assert {name for region, name in aws.objects if region == WEST.region} == {"a", "b", "c"}
    assert aws.items[WEST.region, "i"] == item("i", "2")


def test_a_newer_item_stays_as_it_is(tmp_path: Path) -> None:
    aws = account()
    aws.items[WEST.region, "i"] = item("i", "3")
    assert len(replay(aws, tmp_path / "c.jsonl").there) == 1
    assert aws.items[WEST.region, "i"]["written_at"]["S"] == "3"


def test_what_does_not_read_back_as_it_was_written_is_named_and_not_kept(tmp_path: Path) -> None:
    aws = account()
    aws.garbles = True
    found = replay(aws, tmp_path / "c.jsonl")
    assert len(found.unverified) == 3
    assert len(Checkpoint(tmp_path / "c.jsonl").done) == 1, "the item alone"


def test_a_line_that_was_cut_short_by_a_kill_is_no_line(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('["object a version 1", "d"]\n["object b ver')
    assert Checkpoint(path).done == {"object a version 1": "d"}
