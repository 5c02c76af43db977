"""Any valid settings give a program that keeps every rule, over the whole space of settings."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import Phase, example, given, note, settings
from hypothesis import strategies as st

import policy
from infra.settings import doubts, parse_settings
from tests.infra.graph import run_program
from tests.properties.settings_space import (
    BASE,
    BUNDLE,
    STACK_NAMES,
    differences,
    text,
    usual,
    valid,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# A run takes a second, and more with more Regions; the profile `nightly` makes many times as many.
_SHARE: Final = settings.default.max_examples // 20
FEW: Final = settings(max_examples=max(8, _SHARE), deadline=None, derandomize=_SHARE < 10)
MANY: Final = settings(max_examples=max(30, _SHARE), deadline=None)

THREE: Final = BASE | {
    "regions": '["eu-west-1", "eu-north-1", "us-east-1"]',
    "homeRegion": "eu-west-1",
    "routing": "latency",
}
EVERYTHING: Final = BASE | {
    "clientAuthentication": "mtls",
    "clientCaBundle": BUNDLE,
    "webFirewall": "true",
    "runtime": "container",
    "containerImage": f"sha256:{'c' * 64}",
    "provisionedConcurrency": "20",
    "canaryWeight": "0.1",
    "stableVersions": '["us-east-1=7", "us-west-2=3"]',
    "tableConsistency": "strong",
    "tableWitnessRegion": "us-east-2",
    "backupLock": "governance",
}

# What a test over the whole space must come by, told by the settings themselves.
CORNERS: Final[dict[str, Callable[[dict[str, str]], bool]]] = {
    "eight Regions": lambda chosen: len(json.loads(chosen["regions"])) == 8,
    "latency records": lambda chosen: chosen["routing"] == "latency",
    "records of a TTL of their own": lambda chosen: chosen["recordType"] == "cname",
    "production with tokens": lambda c: c["production"] + c["clientAuthentication"] == "truejwt",
    "production with certificates": lambda c: (
        c["production"] + c["clientAuthentication"] == "truemtls"
    ),
    "open to everybody": lambda chosen: chosen["clientAuthentication"] == "none",
    "a firewall": lambda chosen: chosen["webFirewall"] == "true",
    "a container": lambda chosen: chosen["runtime"] == "container",
    "snapshots": lambda chosen: chosen["snapStart"] == "true",
    "a reservation": lambda chosen: chosen["reservedConcurrency"] != "0",
    "environments kept started": lambda chosen: chosen["provisionedConcurrency"] != "0",
    "a canary": lambda chosen: chosen["canaryWeight"] != "0",
    "a strong table of three": lambda c: (
        c["tableConsistency"] == "strong" and not c["tableWitnessRegion"]
    ),
    "a strong table of two and a witness": lambda chosen: chosen["tableWitnessRegion"] != "",
    "no backups": lambda chosen: chosen["backupEnabled"] == "false",
    "a lock that can be taken off": lambda chosen: chosen["backupLock"] == "governance",
    "a lock for good": lambda chosen: chosen["backupLock"] == "compliance",
    "nobody to wake": lambda chosen: chosen["pagerEndpoint"] == "",
}


@pytest.fixture(scope="module")
def holds(
    release_zip: Path, container_release: Path, authorities: Path
) -> Callable[[str, dict[str, str]], None]:
    """Runs a program with settings, and holds it against every rule."""

    def hold(stack: str, chosen: dict[str, str]) -> None:
        note(f"stack {stack}, other than staging: {json.dumps(differences(chosen), indent=1)}")
        found = parse_settings(chosen, project="understudy", stack=stack)
        bundle = {"clientCaBundle": str(authorities)} if chosen["clientCaBundle"] else {}
        release = container_release if found.runtime.container else release_zip
        graph = run_program(stack, chosen | bundle, release)
        assert [str(each) for each in policy.check(graph)] == []
        assert graph.warnings == list(doubts(found)), "what looks wrong is said, and nothing else"
        assert graph.regions == found.regions
        assert graph.production is found.production, "rules know what clients depend on"

    return hold


@FEW
@given(stack=st.sampled_from(STACK_NAMES), chosen=valid(most_regions=4))
@example(stack="staging", chosen=THREE)
@example(stack="staging", chosen=EVERYTHING)
@pytest.mark.timeout(900)
def test_any_valid_settings_give_a_program_that_keeps_every_rule(
    holds: Callable[[str, dict[str, str]], None], stack: str, chosen: dict[str, str]
) -> None:
    holds(stack, chosen)


@pytest.mark.long
@pytest.mark.parametrize("most_regions", range(2, 9))
@pytest.mark.timeout(1800)
def test_hundreds_of_valid_settings_give_programs_that_keep_every_rule(
    holds: Callable[[str, dict[str, str]], None], most_regions: int
) -> None:
    @MANY
    @given(stack=st.sampled_from(STACK_NAMES), chosen=valid(most_regions=most_regions))
    def any_valid_settings(stack: str, chosen: dict[str, str]) -> None:
        holds(stack, chosen)

    any_valid_settings()


@pytest.fixture(scope="module")
def drawn() -> list[dict[str, str]]:
    """A few hundred settings, the same each time."""
    found: list[dict[str, str]] = []

    @settings(max_examples=200, deadline=None, derandomize=True, phases=[Phase.generate])
    @given(chosen=valid())
    def draw(chosen: dict[str, str]) -> None:
        found.append(chosen)

    draw()
    return found


def test_every_key_of_the_program_is_drawn_and_each_takes_other_values(
    drawn: list[dict[str, str]],
) -> None:
    values: defaultdict[str, set[str]] = defaultdict(set)
    for chosen in drawn:
        assert set(chosen) == set(BASE), (
            "Pulumi.yaml and the space of settings (tests/properties/settings_space.py) hold the"
            " same keys; put a new one into ALONE, or where the settings are that it goes with"
        )
        for key, value in chosen.items():
            values[key].add(value)
    assert [key for key in BASE if len(values[key]) < 2] == [], "drawn, but always the same"
    assert [key for key in BASE if not values[key] - {text(usual(key))}] == []


def test_the_corners_of_the_space_are_drawn(drawn: list[dict[str, str]]) -> None:
    missed = [what for what, is_it in CORNERS.items() if not any(map(is_it, drawn))]
    assert missed == [], "no draw of two hundred came by these"


def test_any_valid_settings_are_taken(drawn: list[dict[str, str]]) -> None:
    for chosen in drawn:
        parse_settings(chosen, project="understudy", stack="staging")
