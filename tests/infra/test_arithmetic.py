"""Addresses, names and the ring: plain functions of plain values."""

from itertools import combinations
from pathlib import Path

import pytest

from infra.aws_regions import REGIONS
from infra.cidr import subnet_blocks, vpc_block
from infra.naming import RegionNames, StackNames, stack_name_problem
from infra.ring import watched_by, watchers_of

LONGEST_STACK = "abcdefghij"


def names(region: str) -> RegionNames:
    stack = StackNames(project="understudy", stack=LONGEST_STACK, account_id="1" * 12)
    return RegionNames(stack=stack, region=region)


def test_no_two_regions_share_addresses() -> None:
    for one, other in combinations(REGIONS, 2):
        assert not vpc_block(one).overlaps(vpc_block(other)), f"{one} and {other} may be peered"


def test_a_region_keeps_its_network_for_good() -> None:
    assert str(vpc_block("af-south-1")) == "10.0.0.0/16"
    assert str(vpc_block("us-east-1")) == "10.30.0.0/16", "deployed networks must not move"
    assert str(vpc_block("us-west-2")) == "10.33.0.0/16", "deployed networks must not move"


def test_subnets_lie_side_by_side_within_their_network() -> None:
    block = vpc_block("us-east-1")
    subnets = subnet_blocks(block, count=3)
    assert [str(subnet) for subnet in subnets] == ["10.30.0.0/20", "10.30.16.0/20", "10.30.32.0/20"]
    assert all(subnet.subnet_of(block) for subnet in subnets)


@pytest.mark.parametrize("count", [0, 17])
def test_more_subnets_than_there_is_room_for_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="16 subnets"):
        subnet_blocks(vpc_block("us-east-1"), count=count)


def test_a_region_that_is_not_known_has_no_network() -> None:
    with pytest.raises(ValueError, match="not in"):
        vpc_block("us-gov-west-1")


@pytest.mark.parametrize("region", REGIONS)
def test_the_longest_names_are_within_what_aws_takes(region: str) -> None:
    assert stack_name_problem("understudy", LONGEST_STACK) is None
    named = names(region)
    assert len(named.name("evacuation")) <= 32, "target groups: 32 characters"
    assert len(named.bucket("predictions")) <= 63, "buckets: 63 characters"
    assert len(named.role("replicate-predictions")) <= 64, "roles: 64 characters"


def test_one_character_more_is_refused() -> None:
    assert stack_name_problem("understudy", LONGEST_STACK + "k") is not None


def test_nothing_is_named_after_a_role() -> None:
    root = Path(__file__).resolve().parents[2]
    for file in (root / "infra").glob("*.py"):
        for word in ('"primary', '"standby', "_primary", "_standby"):
            assert word not in file.read_text(), f"{file.name}: roles move, names do not"


def test_each_region_is_watched_by_the_next_two_and_never_by_itself() -> None:
    ring = ("a", "b", "c", "d")
    assert [watchers_of(region, ring) for region in ring] == [
        ("b", "c"),
        ("c", "d"),
        ("d", "a"),
        ("a", "b"),
    ]
    assert watched_by("c", ring) == ("a", "b")
    assert watched_by("a", ("a", "b")) == ("b",), "two Regions watch each other"


@pytest.mark.parametrize("count", [3, 5, 8])
def test_whichever_region_is_lost_every_other_has_a_watcher_left(count: int) -> None:
    ring = tuple("abcdefgh"[:count])
    for lost in ring:
        for region in set(ring) - {lost}:
            left = set(watchers_of(region, ring)) - {lost}
            assert left, f"with {lost} lost, nobody can evacuate {region}"


@pytest.mark.parametrize("count", [3, 5])
def test_a_region_that_joins_or_leaves_keeps_one_watcher_of_every_other(count: int) -> None:
    ring = tuple("abcdefgh"[:count])
    for lost in ring if count > 3 else ():
        rest = tuple(region for region in ring if region != lost)
        for region in rest:
            kept = set(watchers_of(region, ring)) & set(watchers_of(region, rest))
            assert kept, f"a latch on {region} must outlive the removal of {lost}"
