"""A page that is no runbook is refused, each thing that is wrong by its name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resilience.runbooks.book import NoSuchRunbookError, read, read_all, slugs
from resilience.runbooks.expectation import is_met, says_nothing
from resilience.runbooks.names import MEANINGS
from resilience.runbooks.page import PageError, read_page

KNOWN = frozenset(MEANINGS)
BLOCK = "```sh\naws s3 ls {{ releases }}\n```\nYou should see:\n```text\n<day> releases\n```"
SOUND = f"""# A title

## What you see
It is down.

## Check
{BLOCK}
- It is down.

## Do
Nothing.

## It worked when
It is up.

## Undo
Nothing.

## Call
Nobody.
"""


def test_a_sound_page_is_read() -> None:
    page = read_page("sound", SOUND, KNOWN)
    assert (page.title, page.names) == ("A title", {"releases"})
    (block,) = page.blocks
    assert block.section == "Check"
    assert block.command == "aws s3 ls {{ releases }}"
    assert block.expected == "<day> releases"
    assert (block.within_s, block.needs) == (0.0, "")


@pytest.mark.parametrize(
    ("found", "put", "problem"),
    [
        ("{{ releases }}", "{{ release }}", "there is no name 'release'"),
        ("{{ releases }}", "{{releases}}", "'{{releases}}' is no name"),
        ("{{ releases }}", "{{ releases | upper }}", "is no name"),
        ("{{ releases }}", "{% if x %}a{% endif %}", "is no name"),
        ("You should see:", "It prints:", "nothing says what this command prints"),
        ("You should see:", "You should see, soon:", "nothing says what this command prints"),
        ("<day> releases", "<anything>\n...", "would be met by anything"),
        ("<day> releases", "", "would be met by anything"),
        ("```sh", "```bash", "expected ```sh"),
        (BLOCK, BLOCK.replace("```", "   ```"), "expected ```sh"),
        ("## Undo\nNothing.\n", "", "Undo is missing"),
        ("## Undo\nNothing.\n", "## Undo\n", "section Undo is empty"),
        ("## Do\nNothing.\n", "## Do\nType `aws s3 ls`.\n", "is a command within a sentence"),
        ("## Do\nNothing.\n", "## Do\nType `./run status`.\n", "is a command within a sentence"),
        ("## Do\nNothing.\n", "## Do\nYou should see:\n", "no command stands before it"),
        ("# A title\n", "", "it has no title"),
        ("aws s3 ls", "pulumi up", "it needs the Pulumi CLI and says nothing"),
        ("You should see:", "You should see (no test runs it: it needs luck):", "says luck"),
        ("<day> releases\n```", "<day> releases", "does not end"),
    ],
)
def test_what_is_wrong_is_named(found: str, put: str, problem: str) -> None:
    assert found in SOUND
    with pytest.raises(PageError) as refused:
        read_page("wrong", SOUND.replace(found, put), KNOWN)
    assert any(problem in each for each in refused.value.problems), refused.value.problems


def test_all_that_is_wrong_is_said_together() -> None:
    text = SOUND.replace("{{ releases }}", "{{ x }}").replace("## Call\nNobody.\n", "")
    with pytest.raises(PageError) as refused:
        read_page("wrong", text, KNOWN)
    assert len(refused.value.problems) >= 2


def test_how_long_and_what_for_is_read() -> None:
    text = SOUND.replace("You should see:", "You should see, within 5 minutes:")
    (block,) = read_page("slow", text, KNOWN).blocks
    assert block.within_s == 300.0
    text = SOUND.replace("aws s3 ls", "pulumi up").replace(
        "You should see:", "You should see (no test runs it: it needs the Pulumi CLI):"
    )
    (block,) = read_page("by-hand", text, KNOWN).blocks
    assert block.needs == "the Pulumi CLI"


def test_every_runbook_is_one() -> None:
    assert {page.slug for page in read_all()} == set(slugs())


def test_a_runbook_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(NoSuchRunbookError, match="throttles"):
        read("throttle")


@pytest.mark.parametrize(
    ("expected", "said", "met"),
    [
        ("OK", "OK\n", True),
        ("OK", "ALARM\n", False),
        ("OK", "OK\nOK\n", False),
        ("OK", "", False),
        ("live <version>", "live\t12\n", True),
        ("live <version>", "live \n", False),
        ("live <version>", "live 1\n2\n", False),
        ('<...>"a":1<...>', '{"a":1}', True),
        ('<...>"a":1<...>', '"a":1', True),
        ("...\nb\n...", "a\nb\nc\n", True),
        ("...\nb\n...", "b\n", True),
        ("...\nb\n...", "a\nc\n", False),
        ("a.c", "abc", False),
        ("{\n  x\n}", "{\n\n    x\n}\n", True),
    ],
)
def test_what_is_printed_is_held_against_what_should_be(
    expected: str, said: str, *, met: bool
) -> None:
    assert is_met(expected, said) is met


@given(st.text(alphabet=st.characters(blacklist_characters="<>", max_codepoint=0x2FF)))
def test_a_text_without_anything_that_varies_is_met_by_itself(text: str) -> None:
    lines = [line for line in text.splitlines() if line.strip() != "..."]
    assert is_met("\n".join(lines), "\n".join(lines))


@pytest.mark.parametrize("text", ["", "...", "<version>", "<a> <b>\n...", "- <x>"])
def test_what_is_met_by_nearly_anything_says_nothing(text: str) -> None:
    assert says_nothing(text)
    assert not says_nothing(f"{text} live")
