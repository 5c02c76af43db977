"""A runbook as it is read at night: with the names of one stack, and links to its console."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resilience.runbooks.look_up import Seen
    from resilience.runbooks.names import Name, Place
    from resilience.runbooks.page import Block, Page

_TEMPLATES: Final = Environment(
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - Markdown and shell, never HTML
    keep_trailing_newline=True,
)
_OUTSIDE: Final = re.compile(r"\]\(\.\./([^)]+)\)")


@dataclass(frozen=True, kw_only=True)
class Runbook:
    """A page with its names filled in.

    Attributes:
        slug: As its source's.
        title: Its first line.
        region: What it was rendered for.
        text: Markdown.
        blocks: Its commands, in order.
        seen: What came of looking its names up.
    """

    slug: str
    title: str
    region: str
    text: str
    blocks: tuple[Block, ...]
    seen: Seen


def wanted(page: Page, *, of_alarm: bool) -> frozenset[str]:
    """Give the names that a rendered page shows: those of its text, and of its head."""
    return page.names | ({"alarm"} if of_alarm else frozenset())


def render(
    page: Page, place: Place, names: Mapping[str, Name], seen: Seen, *, of_alarm: bool
) -> Runbook:
    """Fill in the names of a page, and put under its title what it was rendered for.

    Args:
        page: The source.
        place: What it is rendered for.
        names: `resilience.runbooks.names.names_of` the place.
        seen: What came of looking them up.
        of_alarm: Whether an alarm leads to this page.
    """
    values = {name: each.value for name, each in names.items()}
    filled = _TEMPLATES.from_string(page.text).render(values)
    title, _, rest = filled.partition("\n")
    head = "\n".join(_head(place, values, seen, of_alarm=of_alarm))
    return Runbook(
        slug=page.slug,
        title=title.removeprefix("# "),
        region=place.region,
        text=f"{title}\n\n{head}\n{_unlinked(rest)}",
        blocks=tuple(_filled(block, values) for block in page.blocks),
        seen=seen,
    )


def _filled(block: Block, values: Mapping[str, str]) -> Block:
    return replace(
        block,
        command=_TEMPLATES.from_string(block.command).render(values),
        expected=_TEMPLATES.from_string(block.expected).render(values),
    )


def _head(place: Place, values: Mapping[str, str], seen: Seen, *, of_alarm: bool) -> Iterable[str]:
    region = place.region
    yield (
        f"Stack **{place.topology.stack}**, account {place.account}, **{region}**; "
        f"the other Region is {place.about}."
    )
    dashboard = f"home?region={region}#dashboards/dashboard/{quote(place.prefix)}"
    links = [f"[Dashboard]({_console(region)}cloudwatch/{dashboard})"]
    if of_alarm:
        there, alarm = values["alarm_region"], values["alarm"]
        links.append(
            f"[alarm {alarm}]({_console(there)}cloudwatch/home?region={there}"
            f"#alarmsV2:alarm/{quote(alarm)})"
        )
    links.append(f"[health of AWS]({_console(region)}health/home)")
    yield f"{', '.join(links)}."
    for sentence in seen.unseen:
        yield f"Not seen, and perhaps not there: {sentence}."


def _console(region: str) -> str:
    return f"https://{region}.console.aws.amazon.com/"


def _unlinked(text: str) -> str:
    """Lead links out of the runbooks' folder to where those pages are in the project."""
    return _OUTSIDE.sub(r"](docs/how-to/\1)", text)


def index(runbooks: Iterable[Runbook], left_out: Mapping[str, str], place: Place) -> str:
    """Give a list of rendered runbooks, by Region, and of those that are none of the stack's."""
    lines = [f"# Runbooks of stack {place.topology.stack}", "", f"Account {place.account}.", ""]
    by_region: dict[str, list[Runbook]] = {}
    for each in runbooks:
        by_region.setdefault(each.region, []).append(each)
    for region, found in by_region.items():
        lines += [f"## {region}", ""]
        lines += [f"- [{each.slug}]({region}/{each.slug}.md): {each.title}" for each in found]
        lines.append("")
    if left_out:
        lines += ["## Not of this stack", ""]
        lines += [f"- {slug}: {why}." for slug, why in left_out.items()]
        lines.append("")
    return "\n".join(lines)
