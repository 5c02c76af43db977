"""Every alarm has a runbook, and what a rendered one names is what the program deploys."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from resilience.runbooks.book import FOLDER, INDEX, read_all, slugs
from resilience.runbooks.look_up import Seen
from resilience.runbooks.names import names_of
from resilience.runbooks.parts import BACKUPS, DRILLS
from resilience.runbooks.render import Runbook, render
from resilience.runbooks.rendering import PROCEDURES, Wish
from resilience.simulate.source import from_snapshot
from tests.infra.graph import ROOT, Graph, run_program, stack_config

if TYPE_CHECKING:
    from pathlib import Path

    from resilience.runbooks.parts import Part
    from resilience.topology import Topology

# Inputs that a thing is called by.
CALLED = ("name", "bucket", "alarmName", "dashboardName")
# What a page makes itself: the restoring role may write to buckets called so, and nowhere else.
MADE = ("restored",)


def linked(graph: Graph) -> set[str]:
    """The runbooks that a stack's alarms link to."""
    alarms = [*graph.of("MetricAlarm"), *graph.of("CompositeAlarm")]
    return {each.inputs["alarmDescription"].rpartition("/")[2] for each in alarms}


def apart(graph: Graph, directory: Path = FOLDER) -> set[str]:
    """Alarms without a runbook, and runbooks that neither an alarm nor a person leads to."""
    return linked(graph) ^ (set(slugs(directory)) - PROCEDURES)


def called(graph: Graph) -> set[str]:
    """The names of everything that a stack deploys."""
    values = (each.inputs.get(key) for each in graph.resources.values() for key in CALLED)
    return {value for value in values if isinstance(value, str)}


def undeployed(runbook: Runbook, prefix: str, graph: Graph) -> set[str]:
    """Names with the stack's prefix in a rendered runbook that nothing deployed has."""
    found = re.findall(rf"\b{prefix}[a-z0-9-]*", runbook.text)
    # A look-up by the beginning of names ends in a hyphen.
    known = called(graph) | {prefix, *(f"{prefix}-{each}" for each in MADE)}
    return {name for name in found if name.rstrip("-") not in known}


@pytest.fixture(scope="module")
def topology() -> Topology:
    """The production stack, as it was read back when it was deployed."""
    return from_snapshot(ROOT / "benchmarks" / "topologies" / "prod-2.json")


def rendered(topology: Topology) -> list[Runbook]:
    """Every runbook for every Region, nothing looked up."""
    places = Wish(topology=topology, region=None, about=None, options="--stack prod").places()
    return [
        render(
            page,
            place,
            names_of(place, page.slug),
            Seen(),
            of_alarm=page.slug not in PROCEDURES,
        )
        for place in places
        for page in read_all()
    ]


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm_or_is_a_procedure(
    graph: Graph,
) -> None:
    assert apart(graph) == set()
    assert set(slugs()) >= PROCEDURES


def test_a_missing_runbook_and_one_too_many_are_noticed(staging: Graph, tmp_path: Path) -> None:
    for slug in {*slugs(), "forgotten"} - {"latency"}:
        (tmp_path / f"{slug}.md").touch()
    assert apart(staging, tmp_path) == {"latency", "forgotten"}


@pytest.mark.parametrize(
    ("part", "settings"),
    [
        (DRILLS, {"drillsScheduled": "false"}),
        (BACKUPS, {"backupEnabled": "false", "backupOffReason": "nothing here outlives a day"}),
    ],
)
def test_a_part_that_the_settings_leave_out_takes_its_runbooks_along(
    staging: Graph, release_zip: Path, part: Part, settings: dict[str, str]
) -> None:
    without = run_program("staging", stack_config("staging", **settings), release_zip)
    assert linked(staging) - linked(without) == part.pages - PROCEDURES


def misplaced(graph: Graph, topology: Topology, slug: str) -> set[tuple[str, str]]:
    """Alarms that a runbook names, each with a Region in which the stack does not have it."""
    alarms = [*graph.of("MetricAlarm"), *graph.of("CompositeAlarm")]
    there = {
        (each.inputs.get("name") or each.inputs["alarmName"], each.inputs["region"])
        for each in alarms
    }
    places = Wish(topology=topology, region=None, about=None, options="").places()
    names = [names_of(place, slug) for place in places]
    return {(each["alarm"].value, each["alarm_region"].value) for each in names} - there


@pytest.mark.parametrize("slug", sorted(set(slugs()) - PROCEDURES))
def test_every_alarm_stands_where_its_runbook_says(
    prod: Graph, topology: Topology, slug: str
) -> None:
    assert misplaced(prod, topology, slug) == set()


def test_an_alarm_that_stands_elsewhere_is_noticed(prod: Graph, topology: Topology) -> None:
    assert misplaced(prod, topology, "forgotten") == {
        ("understudy-prod-forgotten", region.region) for region in topology.regions
    }


@pytest.mark.parametrize("slug", slugs())
def test_a_runbook_leads_to_pages_that_are_there(slug: str) -> None:
    text = (FOLDER / f"{slug}.md").read_text()
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (FOLDER / link).is_file(), f"{slug} leads to {link}, which is not there"


def test_the_index_lists_every_runbook_once() -> None:
    text = (FOLDER / f"{INDEX}.md").read_text()
    listed = re.findall(r"^- \[[a-z-0-9]+\]\(([a-z-]+)\.md\)", text, re.MULTILINE)
    assert sorted(listed) == list(slugs())


def test_every_name_in_a_rendered_runbook_is_deployed(prod: Graph, topology: Topology) -> None:
    found = rendered(topology)
    assert len(found) == 2 * len(slugs())
    wrong = {
        (each.slug, name) for each in found for name in undeployed(each, "understudy-prod", prod)
    }
    assert wrong == set()


def test_a_name_that_is_not_deployed_is_noticed(prod: Graph, topology: Topology) -> None:
    sound = rendered(topology)[0]
    wrong = replace(sound, text=sound.text + "understudy-prod-oracle and understudy-prod-canary")
    assert undeployed(wrong, "understudy-prod", prod) == {"understudy-prod-oracle"}


def test_every_alarm_that_is_there_several_times_is_named_with_what_it_is_about(
    prod: Graph, topology: Topology
) -> None:
    alarms = {
        each.inputs.get("name") or each.inputs["alarmName"]
        for each in [*prod.of("MetricAlarm"), *prod.of("CompositeAlarm")]
    }
    place = Wish(topology=topology, region=None, about=None, options="").places()[0]
    named = {names_of(place, slug)["alarm"].value for slug in linked(prod)}
    assert named <= alarms
