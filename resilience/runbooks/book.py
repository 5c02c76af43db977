"""All runbooks: where their sources are, and which there are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from resilience.runbooks.names import MEANINGS
from resilience.runbooks.page import Page, PageError, read_page

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "runbooks"
INDEX: Final = "index"


class NoSuchRunbookError(Exception):
    """There is no runbook of this name; says which there are."""


def slugs(folder: Path = FOLDER) -> tuple[str, ...]:
    """Name the runbooks there are."""
    return tuple(sorted({path.stem for path in folder.glob("*.md")} - {INDEX}))


def read(slug: str, folder: Path = FOLDER) -> Page:
    """Read a runbook.

    Raises:
        NoSuchRunbookError: there is none of this name.
        PageError: it is none, or has names that are not known.
    """
    path = folder / f"{slug}.md"
    if slug not in slugs(folder):
        raise NoSuchRunbookError(
            f"there is no runbook {slug!r}: expected one of {', '.join(slugs(folder))}"
        )
    return read_page(slug, path.read_text(encoding="utf-8"), frozenset(MEANINGS))


def read_all(folder: Path = FOLDER) -> tuple[Page, ...]:
    """Read all of them.

    Raises:
        PageError: with what is wrong in any of them.
    """
    pages: list[Page] = []
    problems: list[str] = []
    for slug in slugs(folder):
        try:
            pages.append(read(slug, folder))
        except PageError as error:
            problems += [f"{slug}: {problem}" for problem in error.problems]
    if problems:
        raise PageError("the runbooks", tuple(problems))
    return tuple(pages)
