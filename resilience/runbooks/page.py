"""The source of a runbook: Markdown with names to fill in and commands that are tried.

A page has a title and `SECTIONS`, in that order, none empty. A name that differs between stacks
stands in double braces (`{{ prefix }}`; `resilience.runbooks.names` lists them), and nothing else
of a template is allowed. A command is a block of its own, with what it prints after it:

    ```sh
    aws lambda get-function-concurrency --function-name {{ function }} --region {{ region }}
    ```
    You should see, within 2 minutes:
    ```text
    ...
    "ReservedConcurrentExecutions": <number>
    ...
    ```

The blocks of a page are given one after another to one shell, so that a block may use what an
earlier one has set. "within" means that the block may be given again until it prints that. A block
that needs a program which tests do not have says so: `You should see (no test runs it: it needs
the Pulumi CLI):`. `resilience.runbooks.expectation` says what varies in an expectation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from resilience.runbooks.expectation import says_nothing

SECTIONS: Final = ("What you see", "Check", "Do", "It worked when", "Undo", "Call")
BY_HAND: Final = {"pulumi": "the Pulumi CLI"}
"""Programs whose commands no test runs, and what a page calls them."""

_NAME: Final = re.compile(r"\{\{ ([a-z][a-z_]*) \}\}")
_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_INLINE: Final = re.compile(r"`((?:aws|\./run|pulumi) [^`]*)`")
_SEEN: Final = re.compile(
    r"You should see(?:, within (?P<number>\d+) (?P<unit>minute|second)s?)?"
    r"(?: \(no test runs it: it needs (?P<needs>[^)]+)\))?:"
)
_UNIT_S: Final = {"second": 1.0, "minute": 60.0}


class PageError(Exception):
    """A page that is no runbook: `problems` says what is wrong with it, each by its line."""

    def __init__(self, slug: str, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(f"{slug}: {problem}" for problem in problems))
        self.slug = slug
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Block:
    """One block of commands, and what it should print.

    Attributes:
        section: Where it stands.
        line: The line of its fence, from 1.
        command: What is given to a shell.
        expected: What it prints.
        within_s: For how long it may be given again until it does; 0: it prints that at once.
        needs: What it needs and tests do not have; empty if tests run it.
    """

    section: str
    line: int
    command: str
    expected: str
    within_s: float = 0.0
    needs: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A runbook's source, well formed.

    Attributes:
        slug: What its file is called, and what an alarm's description ends with.
        title: Its first line.
        text: All of it.
        blocks: Its commands, in order.
    """

    slug: str
    title: str
    text: str
    blocks: tuple[Block, ...]

    @property
    def names(self) -> frozenset[str]:
        """The names that are to be filled in."""
        return frozenset(_NAME.findall(self.text))


def read_page(slug: str, text: str, known: frozenset[str]) -> Page:
    """Read a page.

    Args:
        slug: What its file is called.
        text: Markdown.
        known: The names that can be filled in.

    Raises:
        PageError: with all that is wrong.
    """
    reader = _Reader(text)
    problems = [*_names_wrong(text, known), *reader.problems, *_blocks_wrong(reader.blocks)]
    if problems:
        raise PageError(slug, tuple(problems))
    return Page(slug=slug, title=reader.title, text=text, blocks=tuple(reader.blocks))


def _names_wrong(text: str, known: frozenset[str]) -> list[str]:
    problems: list[str] = []
    for found in _TEMPLATE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        name = _NAME.fullmatch(found.group())
        if name is None:
            problems.append(
                f"line {line}: {found.group()!r} is no name: expected one like {{{{ prefix }}}}"
            )
        elif name.group(1) not in known:
            problems.append(
                f"line {line}: there is no name {name.group(1)!r}: expected one of "
                f"{', '.join(sorted(known))}"
            )
    return problems


def _blocks_wrong(blocks: list[Block]) -> list[str]:
    problems: list[str] = []
    for block in blocks:
        if says_nothing(block.expected):
            problems.append(
                f"line {block.line}: what it should print would be met by anything: say at least "
                "one word of it"
            )
        needs = {BY_HAND[word] for word in block.command.split() if word in BY_HAND}
        if needs != ({block.needs} - {""}):
            problems.append(
                f"line {block.line}: it needs {' and '.join(sorted(needs)) or 'nothing special'} "
                f"and says {block.needs or 'nothing'}: expected '(no test runs it: it needs ...)' "
                "on commands of these programs and no others"
            )
    return problems


class _Reader:
    """Goes through a page line by line."""

    def __init__(self, text: str) -> None:
        self.title = ""
        self.blocks: list[Block] = []
        self.problems: list[str] = []
        self._lines = text.splitlines()
        self._at = 0
        self._sections: list[str] = []
        self._filled: set[str] = set()
        while self._at < len(self._lines):
            self._step()
        self._finish()

    def _step(self) -> None:
        line = self._lines[self._at]
        if line.startswith("# ") and not self.title:
            self.title = line.removeprefix("# ")
        elif line.startswith("## "):
            self._sections.append(line.removeprefix("## "))
        elif line.lstrip().startswith("```"):
            self._fence(line)
        elif line.strip():
            self._prose(line)
        self._at += 1

    def _prose(self, line: str) -> None:
        if self._sections:
            self._filled.add(self._sections[-1])
        if line.startswith("You should see"):
            self._wrong("it says what should be seen, and no command stands before it")
        for found in _INLINE.findall(line):
            self._wrong(f"`{found}` is a command within a sentence: give it a block of its own")

    def _fence(self, line: str) -> None:
        """Read a block with its expectation; leaves the last line of it to be stepped over."""
        begun = self._at + 1
        body = self._fenced()
        if line != "```sh":
            self._wrong(f"{line!r} begins a block: expected ```sh at the line's beginning", begun)
            return
        seen = _SEEN.fullmatch(self._peek(1))
        if seen is None or self._peek(2) != "```text":
            self._wrong(
                "nothing says what this command prints: expected the line 'You should see:' "
                "right after it, and then a ```text block",
                begun,
            )
            return
        self._at += 2
        expected = self._fenced()
        number, unit = seen["number"], seen["unit"]
        self.blocks.append(
            Block(
                section=self._sections[-1] if self._sections else "",
                line=begun,
                command=body,
                expected=expected,
                within_s=0.0 if number is None else float(number) * _UNIT_S[unit],
                needs=seen["needs"] or "",
            )
        )
        self._filled.update(self._sections[-1:])

    def _fenced(self) -> str:
        """Give what stands between the fence here and the next one, and stop there."""
        begun = self._at
        self._at += 1
        while self._at < len(self._lines) and self._lines[self._at].strip() != "```":
            self._at += 1
        if self._at >= len(self._lines):
            self._wrong("the block that begins here does not end", begun + 1)
        return "\n".join(self._lines[begun + 1 : self._at])

    def _peek(self, further: int) -> str:
        place = self._at + further
        return self._lines[place] if place < len(self._lines) else ""

    def _wrong(self, problem: str, line: int | None = None) -> None:
        self.problems.append(f"line {self._at + 1 if line is None else line}: {problem}")

    def _finish(self) -> None:
        if not self.title:
            self.problems.append("it has no title: expected a first line '# ...'")
        if tuple(self._sections) != SECTIONS:
            missing = [name for name in SECTIONS if name not in self._sections]
            self.problems.append(
                f"its sections are {', '.join(self._sections) or 'none'}: expected "
                f"{', '.join(SECTIONS)}, in this order"
                + (f"; {', '.join(missing)} is missing" if missing else "")
            )
        self.problems += [
            f"its section {name} is empty" for name in self._sections if name not in self._filled
        ]
