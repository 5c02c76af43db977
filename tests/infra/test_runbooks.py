"""Every alarm has a page that says what to do, and every page an alarm."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from botocore import xform_name
from botocore.loaders import Loader

from tests.infra.graph import ROOT, Graph

if TYPE_CHECKING:
    from pathlib import Path

PAGES = ROOT / "docs" / "how-to" / "runbooks"
INDEX = "index"
PARTS = ["What you see", "Check", "Do", "It worked when"]
# Commands of the AWS CLI that are no operations of an API.
CLI_OWN = {("s3", "ls"), ("s3", "cp"), ("s3", "rm")}


def slugs(graph: Graph) -> set[str]:
    """The pages that a stack's alarms link to."""
    alarms = [*graph.of("MetricAlarm"), *graph.of("CompositeAlarm")]
    return {each.inputs["alarmDescription"].rpartition("/")[2] for each in alarms}


def pages(directory: Path = PAGES) -> set[str]:
    return {path.stem for path in directory.glob("*.md")} - {INDEX}


def apart(graph: Graph, directory: Path = PAGES) -> set[str]:
    """Alarms without a page, and pages without an alarm."""
    return slugs(graph) ^ pages(directory)


def commands(text: str) -> set[tuple[str, str]]:
    """Every command of the AWS CLI in a page: service and operation."""
    return set(re.findall(r"\baws ([a-z0-9]+) ([a-z0-9-]+)", text))


def unknown(found: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Commands that the AWS CLI does not have."""
    wrong: set[tuple[str, str]] = set()
    for service, command in found - CLI_OWN:
        api = {"s3api": "s3"}.get(service, service)
        if api not in Loader().list_available_services("service-2"):
            wrong.add((service, command))
            continue
        model = Loader().load_service_model(api, "service-2")
        if command.replace("-", "_") not in {xform_name(each) for each in model["operations"]}:
            wrong.add((service, command))
    return wrong


def test_every_alarm_has_a_page_and_every_page_an_alarm(graph: Graph) -> None:
    assert apart(graph) == set()


def test_a_missing_page_and_one_too_many_are_noticed(staging: Graph, tmp_path: Path) -> None:
    for slug in pages() - {"latency"}:
        (tmp_path / f"{slug}.md").touch()
    (tmp_path / "forgotten.md").touch()
    assert apart(staging, tmp_path) == {"latency", "forgotten"}


@pytest.mark.parametrize("slug", sorted(pages()))
def test_a_page_says_what_is_seen_what_to_check_what_to_do_and_when_it_worked(slug: str) -> None:
    text = (PAGES / f"{slug}.md").read_text()
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == PARTS, "at night every page is alike"
    assert all(part.strip() for part in re.split(r"^## .*$", text, flags=re.MULTILINE))
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (PAGES / link).is_file(), f"{slug} leads to {link}, which is not there"


def test_the_index_lists_every_page_once() -> None:
    text = (PAGES / f"{INDEX}.md").read_text()
    listed = re.findall(r"^- \[[a-z-]+\]\(([a-z-]+)\.md\)", text, re.MULTILINE)
    assert sorted(listed) == sorted(pages())


@pytest.mark.parametrize("slug", sorted(pages()))
def test_a_page_names_only_commands_that_exist(slug: str) -> None:
    assert unknown(commands((PAGES / f"{slug}.md").read_text())) == set()


def test_a_command_that_does_not_exist_is_noticed() -> None:
    text = "`aws cloudwatch describe-alarm` and `aws lamda invoke` and `aws lambda invoke`"
    assert unknown(commands(text)) == {("cloudwatch", "describe-alarm"), ("lamda", "invoke")}
