"""Writes the reference pages that are made from what they describe: `./run docs`.

A test fails while a page differs from what this would write.
"""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import typer
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
LONGEST_CELL = 160
MADE = "<!-- Made by `./run docs`; change what it describes, not this page. -->"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Render a Markdown table; a bar inside a cell is escaped."""
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in lines
    )


def settings() -> str:
    """Every setting of the program, from Pulumi.yaml, with what the stacks make of it."""
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    stacks = {
        name: yaml.safe_load((ROOT / f"Pulumi.{name}.yaml").read_text())["config"]
        for name in ("staging", "prod")
    }

    def shown(stack: str, key: str, default: object) -> object:
        value = stacks[stack].get(f"{project['name']}:{key}", default)
        return ", ".join(value) if isinstance(value, list) else value

    rows = [
        (
            f"`{key}`",
            each["type"],
            each["description"],
            shown("staging", key, each["default"]),
            shown("prod", key, each["default"]),
        )
        for key, each in project["config"].items()
    ]
    return "\n".join(
        [
            "# Settings",
            MADE,
            "",
            "Set them in `Pulumi.<stack>.yaml` under `understudy:`.",
            (
                "All problems with them are reported together, each by its key, before anything is "
                "deployed."
            ),
            "",
            table(("setting", "type", "meaning", "staging", "prod"), rows),
            "",
        ]
    )


def coverage() -> str:
    """What the emulator does with each input of each resource type."""
    from emulator.catalogue.coverage import Row, rows

    sections: list[str] = []
    for kind, group in groupby(rows(), key=lambda row: row.type):
        inputs: list[Row] = list(group)
        known = [
            (f"`{row.input}`", f"recorded: {row.reason}" if row.reason else row.treatment)
            for row in inputs
            if row.treatment != "absent"
        ]
        sections += [f"## `{kind}`", "", table(("input", "in a rehearsal"), known), ""]
        if absent := [f"`{row.input}`" for row in inputs if row.treatment == "absent"]:
            sections += [f"Refused by name: {', '.join(absent)}.", ""]
    return "\n".join(
        [
            "# What the emulator emulates",
            MADE,
            "",
            "*Emulated*: some part of the data plane acts on it, or AWS's rule for it is enforced.",
            "*Recorded*: kept and read back, and nothing acts on it.",
            "A rehearsal does not prove what is only recorded; its report lists it.",
            "Types and inputs that are not here are refused by name.",
            "",
            *sections,
        ]
    )


def _option_rows(command: click.Command) -> list[tuple[object, ...]]:
    context = click.Context(command)
    rows: list[tuple[object, ...]] = []
    for parameter in command.get_params(context):
        record = getattr(parameter, "get_help_record", lambda _: None)(context)
        if record is not None:
            rows.append((f"`{record[0]}`", record[1]))
    return rows


def commands() -> str:
    """Every command and option, from the programs themselves."""
    from inference.__main__ import app as inference
    from resilience.cli import app as resilience

    sections: list[str] = []
    programs: tuple[tuple[str, Any], ...] = (
        ("./run", resilience),
        ("python -m inference", inference),
    )
    for program, app in programs:
        group = typer.main.get_command(app)
        subcommands: dict[str, click.Command] = getattr(group, "commands", {})
        for name, command in sorted(subcommands.items()):
            sections += [f"## `{program} {name}`", "", (command.help or "").strip(), ""]
            sections += [table(("option", "meaning"), _option_rows(command)), ""]
    return "\n".join(
        [
            "# Commands",
            MADE,
            "",
            "`./run --help` lists what the entry script does itself.",
            "Exit codes: 0 done and objectives met, 1 an objective was missed,",
            "2 bad usage or settings, 3 the run itself broke.",
            "",
            *sections,
        ]
    )


def rules() -> str:
    """Every rule of the program, with its reason and its source."""
    from policy.book import CHAPTERS

    sections: list[str] = []
    for chapter, found in CHAPTERS.items():
        sections += [f"## {chapter.capitalize()}", ""]
        for rule in found:
            where = "a graph" if not rule.kinds else ", ".join(f"`{kind}`" for kind in rule.kinds)
            sections += [f"### `{rule.id}`", "", f"**{rule.holds}**", "", rule.reason, ""]
            sections += [f"Looks at {where}. [AWS]({rule.source})", ""]
    return "\n".join(
        [
            "# Rules of the program",
            MADE,
            "",
            "They run in the tests, in every rehearsal right after the deploy, in `pulumi preview`",
            "and by [`./run policy`](../how-to/check-the-rules.md).",
            "",
            *sections,
        ]
    )


def mutations() -> str:
    """Every mistake that is made on purpose in the tests, and what catches it."""
    from tests.mutations.table import CHAPTERS

    def shown(text: str) -> str:
        return text.strip().replace("\n", " ").replace("|", "\\|")

    sections: list[str] = []
    missed: list[tuple[str, ...]] = []
    for chapter, found in CHAPTERS.items():
        rows = [
            (shown(each.mistake), f"`{each.file}`", each.caught_by, f"*{shown(each.says)}*")
            for each in found
            if each.stage != "nothing"
        ]
        missed += [
            (shown(each.mistake), f"`{each.file}`", shown(each.says))
            for each in found
            if each.stage == "nothing"
        ]
        sections += [f"## {chapter}", "", table(("mistake", "in", "caught by", "says"), rows), ""]
    total = sum(map(len, CHAPTERS.values()))
    return "\n".join(
        [
            "# Mistakes, and what catches them",
            MADE,
            "",
            f"{total} single edits of the program or its settings, each a mistake that somebody",
            f"could make; {total - len(missed)} are caught. Every one is made in the tests",
            "(`tests/mutations/`), which fail when it is caught by something else, or not at all.",
            "",
            "*settings*, *program*: the program stops before anything is made.",
            "*rule*: [a rule](rules.md) is broken, known before the deploy.",
            "*doubt*: it deploys, and the deploy says what looks wrong.",
            "*emulator*: the emulated AWS refuses it, or says what AWS would accept in silence.",
            "*rehearsal*: it deploys, and a rehearsal fails.",
            "",
            *sections,
            "## Not caught",
            "",
            table(("mistake", "in", "why not"), missed),
            "",
        ]
    )


def roles() -> str:
    """Every call that the tests make under every role, with what must come of it."""
    from tests.contract.roles.role_ground import Ground
    from tests.contract.roles.role_table import ALLOWED, ELSEWHERE, NOBODY, Call

    ground = Ground(prefix="STACK", region="REGION", neighbour="NEIGHBOUR")

    def shown(call: Call) -> str:
        given = json.dumps(call.parameters(ground), default=repr)
        return f"`{given if len(given) <= LONGEST_CELL else given[:LONGEST_CELL] + ' ...'}`"

    sections: list[str] = []
    for role, calls in sorted(ALLOWED.items()):
        rows = [
            (
                f"`{call}`",
                shown(call),
                ", ".join(f"`{action}`" for action in call.actions),
                "allowed" if call.reaches else "denied",
            )
            for call in calls
        ]
        head = ("allowed", "with", "by", "the same in the neighbour Region")
        sections += [f"## {role}", "", table(head, rows), ""]
    return "\n".join(
        [
            "# Roles, and what each may do",
            MADE,
            "",
            "Each call is made by the tests (`tests/contract/roles/`), in the emulator, with the",
            "credentials of a session of the role, in every Region of the production stack.",
            "A role that is not here, a permission that no call needs, a call that passes and",
            "should not, and one that should and does not: each fails a test.",
            "",
            *sections,
            "## What no role may do",
            "",
            table(("denied", "with"), [(f"`{call}`", shown(call)) for call in NOBODY]),
            "",
            "## Actions that no call needs",
            "",
            "A service does them itself, under the role.",
            "",
            table(("action", "executed in"), sorted(ELSEWHERE.items())),
            "",
        ]
    )


def failover_states() -> str:
    """Every phase of the failover brain and every change, from its tables."""
    from docs import failover_pages

    return failover_pages.states(MADE, table)


def failover_trigger() -> str:
    """Every combination of the failover brain's signals, from its truth table."""
    from docs import failover_pages

    return failover_pages.trigger(MADE, table)


def planted() -> str:
    """Every planted fault, and what found it when `tests.planted.record` hunted it last."""
    from tests.planted.record import PLANTS, read

    found = read()
    rows: list[tuple[object, ...]] = []
    missed: list[tuple[object, ...]] = []
    played = 0
    for plant in PLANTS:
        known = found[plant.name]
        if known is None:
            missed.append((f"`{plant.name}`", plant.kind, plant.mistake, plant.why_not))
            continue
        scenario = f"`{known['scenario']}`" if known["scenario"] else ""
        played += bool(known["scenarios"])
        by = f"{known['by']}: {known['detail']}"
        rows.append(
            (f"`{plant.name}`", plant.kind, plant.mistake, by, known["scenarios"], scenario)
        )
    return "\n".join(
        [
            "# Planted faults, and what found them",
            MADE,
            "",
            f"{len(PLANTS)} brains and settings that are known to be bad. Playing scenarios finds",
            f"{played} of them, each within a minute on one core; {len(rows) - played} more are",
            "seen in the topology before anything is played.",
            "They are planted in the tests (`tests/planted/`), which hunt a few in every run",
            "and all in the long one, and fail when one is found by something else.",
            "The sound brain and stack are found guilty of nothing on the same seeds.",
            "",
            "*rule*: a rule is broken, of the brain or of the simulator.",
            "*objective*: the 99th percentile over the judged classes misses it.",
            "*finding*: seen in the topology before anything is played.",
            "*scenarios*: how many were played until then; the scenario is the shrunk one.",
            "Play one on a sound stack of two Regions: `./run simulate --replay '...'`.",
            "",
            table(("fault", "in", "mistake", "found by", "scenarios", "smallest scenario"), rows),
            "",
            *(
                ("## Not found", "", table(("fault", "in", "mistake", "why not"), missed), "")
                if missed
                else ()
            ),
        ]
    )


def status_json() -> str:
    """Every field of `./run status --json`, from the classes that it is written from."""
    from dataclasses import fields

    from resilience.oncall import sight
    from resilience.oncall.concerns import Concern
    from resilience.oncall.copies import Copying
    from resilience.oncall.outside import Probed
    from resilience.oncall.room import Carries, Demand, Room

    kinds: tuple[type[Any], ...] = (
        *(sight.Sight, sight.RegionSight, sight.WatcherSight, Probed, Room, Carries, sight.Firing),
        *(Demand, sight.TableLag, Copying, sight.EpochSight, sight.WordSight),
        *(sight.RestoreTest, sight.Unseen, Concern),
    )
    sections: list[str] = []
    for kind in kinds:
        about = (kind.__doc__ or "").partition("Attributes:")[0]
        rows = [(f"`{each.name}`", f"`{each.type}`") for each in fields(kind)]
        sections += [f"## {kind.__name__}", "", " ".join(about.split()), ""]
        sections += [table(("field", "type"), rows), ""]
    return "\n".join(
        [
            "# What `./run status --json` prints",
            MADE,
            "",
            f"One object: `version` (now {sight.VERSION}), the fields of `Sight`, and `concerns`,",
            "a list of `Concern`: what needs a person. Times are ISO 8601 in UTC.",
            "What was not seen is null, and `unseen` says why.",
            "A field is added without a new version, and never changed or taken away without one.",
            "",
            *sections,
        ]
    )


PAGES: dict[str, Callable[[], str]] = {
    "planted-faults.md": planted,
    "failover-states.md": failover_states,
    "failover-trigger.md": failover_trigger,
    "mutations.md": mutations,
    "roles.md": roles,
    "rules.md": rules,
    "settings.md": settings,
    "emulator-coverage.md": coverage,
    "commands.md": commands,
    "status-json.md": status_json,
}


def main() -> None:
    """Write every page."""
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
