"""The docs say what is: made pages are current, links lead somewhere, commands exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from docs import reference_pages

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
RUN_COMMANDS = ("bench", "check", "docs", "help", "lock", "release", "setup", "test")


@pytest.mark.parametrize("name", reference_pages.PAGES)
def test_a_made_page_is_what_would_be_made_now(name: str) -> None:
    kept = (reference_pages.REFERENCE / name).read_text(encoding="utf-8")
    assert kept == reference_pages.PAGES[name](), f"{name} is out of date: run ./run docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text)]
    missing = [
        link
        for link in links
        if link and "://" not in link and not (page.parent / link).resolve().exists()
    ]
    assert not missing, f"{page.name} links to files that are not there: {missing}"


def commands_named_in_docs() -> set[str]:
    """Every command that a page tells the reader to give to the entry script."""
    return {
        name
        for page in PAGES
        for name in re.findall(r"\./run ([a-z][a-z-]+)", page.read_text(encoding="utf-8"))
    }


def known_commands() -> set[str]:
    """What the entry script does itself, and what it hands to the command line."""
    made = reference_pages.commands()
    return {*RUN_COMMANDS, *re.findall(r"^## `\./run ([a-z-]+)`", made, flags=re.MULTILINE)}


def test_docs_name_only_commands_that_exist() -> None:
    named = commands_named_in_docs()
    assert "rehearse" in named, "the docs must at least name the main command"
    assert named <= known_commands(), f"no such commands: {sorted(named - known_commands())}"


def test_the_entry_script_lists_its_own_commands() -> None:
    shown = subprocess.run(
        ["/bin/sh", str(ROOT / "run"), "--help"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout
    for command in (*RUN_COMMANDS, "rehearse", "simulate", "cross-check", "emulate"):
        assert command == "help" or f"\n  {command}" in shown, f"--help must list {command}"
