"""A runbook is rendered with the names of a stack, and each is looked up first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from resilience.aws import AwsMissingError, AwsRefusedError, AwsUnreachableError, Call
from resilience.cli import app
from resilience.runbooks.book import read, read_all, slugs
from resilience.runbooks.names import MEANINGS, names_of
from resilience.runbooks.parts import BACKUPS, DRILLS
from resilience.runbooks.render import index
from resilience.runbooks.rendering import NotDeployedError, Rendered, Wish, rendered
from resilience.simulate.source import from_snapshot
from resilience.topology import TopologyError
from tests.infra.graph import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from resilience.runbooks.names import Place
    from resilience.runbooks.parts import Part
    from resilience.runbooks.render import Runbook

TOPOLOGIES = ROOT / "benchmarks" / "topologies"
SNAPSHOT = TOPOLOGIES / "prod-2.json"
NOWHERE = "http://127.0.0.1:9"  # nobody listens on the discard port


class Answers:
    """An account in which everything is there, but for what a test says."""

    def __init__(self, **said: Exception | dict[str, Any]) -> None:
        self._said = said
        self.asked: list[str] = []

    def call(self, service: str, operation: str, *, region: str, **_: Any) -> dict[str, Any]:
        """Answer a look-up."""
        self.asked.append(f"{service} {operation} in {region}")
        answer = self._said.get(operation, {"MetricAlarms": [{}]})
        if isinstance(answer, Exception):
            raise answer
        return answer


def call(operation: str) -> Call:
    return Call(service="some", operation=operation, region="us-east-1")


def place(count: int = 2, **wish: Any) -> Place:
    given: dict[str, Any] = {"region": None, "about": None, "options": "--stack prod", **wish}
    return Wish(topology=from_snapshot(TOPOLOGIES / f"prod-{count}.json"), **given).places()[0]


def page(slug: str, account: Answers, **wish: Any) -> Runbook:
    (found,) = rendered(
        account,  # pyright: ignore[reportArgumentType]
        [read(slug)],
        place(**wish),
    ).runbooks
    return found


def test_the_names_of_the_stack_are_in_the_page_and_no_brace_is_left() -> None:
    account = Answers()
    found = page("canary-silent", account)
    here = place()
    assert f"{here.prefix}-canary" in found.text
    assert f"**{here.region}**" in found.text
    assert "{{" not in found.text
    assert all("{{" not in block.command + block.expected for block in found.blocks)
    assert f"scheduler get_schedule in {here.region}" in account.asked


def test_a_page_asks_only_for_what_it_names() -> None:
    account = Answers()
    page("throttles", account)
    assert account.asked == [f"cloudwatch describe_alarms in {place().region}"], "its alarm alone"


@pytest.mark.parametrize(
    "answer",
    [
        AwsMissingError(call("get_schedule"), "ResourceNotFoundException", "no such schedule"),
        AwsRefusedError(call("get_schedule"), "ValidationException", "no such schedule"),
    ],
)
def test_a_name_that_is_not_deployed_ends_it(answer: Exception) -> None:
    with pytest.raises(NotDeployedError, match=r"canary_schedule .* no such schedule") as refused:
        page("canary-silent", Answers(get_schedule=answer))
    assert len(refused.value.missing) == 1


def test_an_alarm_that_is_not_deployed_ends_it() -> None:
    nothing = {"MetricAlarms": [], "CompositeAlarms": []}
    with pytest.raises(NotDeployedError, match=r"alarm .*-throttles .* finds none"):
        page("throttles", Answers(describe_alarms=nothing))


@pytest.mark.parametrize(
    "answer",
    [
        AwsUnreachableError(call("get_schedule"), "timed out"),
        AwsRefusedError(call("get_schedule"), "AccessDeniedException", "not you"),
        AwsRefusedError(call("get_schedule"), "ThrottlingException", "later"),
    ],
)
def test_a_name_about_which_nobody_can_be_asked_is_said_and_is_no_obstacle(
    answer: AwsRefusedError | AwsUnreachableError,
) -> None:
    found = page("canary-silent", Answers(get_schedule=answer))
    assert any(answer.explanation in each for each in found.seen.unseen)
    assert f"Not seen, and perhaps not there: {found.seen.unseen[0]}" in found.text


NO_MACHINE = AwsMissingError(
    call("describe_state_machine"), "StateMachineDoesNotExist", "no such machine"
)
NO_VAULT = AwsMissingError(
    call("describe_backup_vault"), "ResourceNotFoundException", "no such vault"
)


@pytest.mark.parametrize(
    ("part", "absent", "setting"),
    [
        (DRILLS, {"describe_state_machine": NO_MACHINE}, "drillsScheduled: false"),
        (BACKUPS, {"describe_backup_vault": NO_VAULT}, "backupEnabled: false"),
    ],
)
def test_what_a_stack_does_without_has_no_runbooks_and_it_is_said(
    part: Part, absent: dict[str, Exception], setting: str
) -> None:
    account: Any = Answers(**absent)
    found = rendered(account, read_all(), place())
    assert set(found.left_out) == part.pages
    assert {each.slug for each in found.runbooks} == set(slugs()) - part.pages
    assert all(setting in why for why in found.left_out.values())
    listed = index(found.runbooks, found.left_out, place())
    assert all(f"- {slug}: there is no " in listed for slug in part.pages)
    assert not rendered(Answers(), read_all(), place()).left_out, "with it there they are rendered"  # pyright: ignore[reportArgumentType]


def test_the_command_says_why_a_page_is_none_of_the_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    none = Rendered(runbooks=(), left_out={"drill-missing": "there is no such machine"})
    monkeypatch.setattr("resilience.runbooks.rendering.rendered", lambda *_: none)
    done = run("drill-missing", "--stack", "prod", "--snapshot", str(SNAPSHOT))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no runbook drill-missing: there is no such machine" in done.stderr


def test_a_part_about_which_nobody_can_be_asked_has_its_runbooks() -> None:
    silent = AwsUnreachableError(call("describe_state_machine"), "timed out")
    found = page("drill-missing", Answers(describe_state_machine=silent))
    assert any("timed out" in each for each in found.seen.unseen)


def test_every_name_has_a_meaning_and_every_meaning_a_name() -> None:
    assert set(names_of(place(), "throttles")) == set(MEANINGS)


def test_the_other_region_is_the_next_one_unless_it_is_named() -> None:
    three = [each.region for each in from_snapshot(TOPOLOGIES / "prod-3.json").regions]
    assert place(3, region=three[2]).about == three[0]
    assert place(3, region=three[2], about=three[1]).about == three[1]
    with pytest.raises(TopologyError, match="given twice"):
        place(3, region=three[0], about=three[0])
    with pytest.raises(TopologyError, match="no Region 'mars-1'"):
        place(3, region="mars-1")


def run(*words: str) -> Any:
    environment = {
        "AWS_ENDPOINT_URL": NOWHERE,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    return CliRunner().invoke(app, ["runbook", *words], env=environment)


def test_the_command_lists_them() -> None:
    done = run("--list")
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(slugs())


def test_the_command_renders_one_from_a_snapshot_when_nothing_answers() -> None:
    done = run("throttles", "--stack", "prod", "--snapshot", str(SNAPSHOT))
    assert done.exit_code == 0, done.output
    assert "understudy-prod-predict" in done.stdout
    assert "Not seen, and perhaps not there: alarm understudy-prod-throttles" in done.stdout


def test_the_command_writes_all_for_every_region_with_an_index(tmp_path: Path) -> None:
    words = ("--stack", "prod", "--snapshot", str(SNAPSHOT), "--out", str(tmp_path))
    done = run("--region", "us-west-2", *words)
    assert done.exit_code == 0, done.output
    found = {path.stem for path in (tmp_path / "us-west-2").glob("*.md")}
    assert found == set(slugs())
    index = (tmp_path / "index.md").read_text()
    assert all(f"](us-west-2/{slug}.md)" in index for slug in slugs())


def test_the_command_gives_commands_and_what_they_print_as_json() -> None:
    done = run("throttles", "--stack", "prod", "--snapshot", str(SNAPSHOT), "--json")
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)
    assert found["name"] == "throttles"
    assert len(found["commands"]) == len(read("throttles").blocks)
    assert all(each["prints"] for each in found["commands"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("throttle", "--stack", "prod"), "there is no runbook 'throttle'"),
        (("--stack", "prod"), "too many for a terminal"),
        (
            ("throttles", "--stack", "staging", "--snapshot", str(SNAPSHOT)),
            "topology of stack prod",
        ),
        (
            ("throttles", "--stack", "prod", "--snapshot", str(SNAPSHOT), "--region", "mars-1"),
            "no Region 'mars-1'",
        ),
    ],
)
def test_bad_usage_is_refused_with_the_way_out(words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())
