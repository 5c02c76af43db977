"""Whether the commands of a page exist, asked of those who would carry them out.

`./run` is asked through its own parser, the AWS CLI through its tables of commands and options;
what a `--query` says must be JMESPath. Nothing is called.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import awscli
import jmespath
from awscli.clidriver import create_clidriver
from botocore.loaders import create_loader
from jmespath.exceptions import JMESPathError
from typer.testing import CliRunner

from resilience.cli import app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.runbooks.page import Page

_MODELS = str(Path(awscli.__file__).parent / "data")
# Where an operation writes what it streams: given without a name.
POSITIONAL = ("outfile",)
PROGRAMS = ("aws", "./run", "pulumi")
# Words after which a shell expects a command.
_BEFORE_A_COMMAND = ("do", "then", "else", "!")
_SEPARATORS = "();|&<>"
_OPERANDS = {"<", ">", ">>", "2>", "2>&1"}


@dataclass(frozen=True)
class Command:
    """A program and what it is given, in a block of a page."""

    words: tuple[str, ...]

    @property
    def program(self) -> str:
        """What is started."""
        return self.words[0]


def commands(block: str) -> Iterator[Command]:
    """Every command in a block of shell that is one of `PROGRAMS`."""
    text = block.replace("\\\n", " ")
    text = text.replace("$(date +%s)", "1").replace("$(date -u +%FT%TZ)", "now")
    text = re.sub(r"\$\(\([^\n]*?\)\)", "1", text).replace("\n", " ; ")
    lexer = shlex.shlex(text, posix=True, punctuation_chars=_SEPARATORS)
    lexer.whitespace_split = True
    lexer.commenters = ""
    found: list[str] = []
    begins = True
    for word in lexer:
        if set(word) <= set(_SEPARATORS):
            if found:
                yield Command(tuple(found))
                found = []
            begins = not set(word) <= set("<>")
        elif found:
            found.append(word)
        elif begins and word in PROGRAMS:
            found = [word]
        else:
            begins = word in _BEFORE_A_COMMAND
    if found:
        yield Command(tuple(found))


def problems(page: Page) -> list[str]:
    """What of a page's commands does not exist, each by its line."""
    wrong: list[str] = []
    for block in page.blocks:
        filled = block.command.replace("{{ stack_options }}", "--stack filled-in")
        filled = re.sub(r"\{\{ [a-z_]+ \}\}", "filled-in", filled)
        wrong += [
            f"line {block.line}: {problem}"
            for command in commands(filled)
            for problem in problems_of(command)
        ]
    return wrong


def problems_of(command: Command) -> list[str]:
    """What of a command does not exist."""
    if command.program == "aws":
        return _aws(list(command.words[1:]))
    if command.program == "./run":
        return _run(list(command.words[1:]))
    return []


def _run(words: list[str]) -> list[str]:
    # Options are read before help is given, and nothing is carried out.
    done = CliRunner().invoke(app, [*words, "--help"])
    if done.exit_code == 0:
        return []
    said = " ".join(re.sub(r"[^\w\s.'-]", " ", done.output).split())
    return [f"./run {shlex.join(words)}: {said}"]


@cache
def _driver() -> tuple[Any, set[str]]:
    driver = create_clidriver()
    # The CLI has models of its own beside botocore's, which the tests' shared loader does not know.
    driver.session.register_component("data_loader", create_loader(_MODELS))
    return driver, set(driver._get_argument_table())


def _aws(words: list[str]) -> list[str]:
    driver, general = _driver()
    service, operation, *given = words
    services = driver._get_command_table()
    if service not in services:
        return [f"the AWS CLI has no service {service!r}"]
    operations = _operations(services[service])
    if operation not in operations:
        return [f"aws {service} has no command {operation!r}"]
    known: dict[str, Any] = operations[operation].arg_table
    options = [word.removeprefix("--") for word in given if word.startswith("--")]
    wrong = [
        f"aws {service} {operation} has no option --{option}"
        for option in options
        if option not in known and option not in general
    ]
    if "cli-input-json" not in options:
        wrong += [
            f"aws {service} {operation} needs --{name}"
            for name, argument in known.items()
            if argument.required and name not in {*options, *POSITIONAL}
        ]
    return [*wrong, *_query(given)]


def _operations(service: Any) -> dict[str, Any]:
    if hasattr(service, "_get_command_table"):
        found: dict[str, Any] = service._get_command_table()
    else:
        found = service.subcommand_table
    return found


def _query(words: list[str]) -> list[str]:
    for option, value in pairwise(words):
        if option == "--query":
            try:
                jmespath.compile(value)
            except JMESPathError as error:
                return [f"--query {value!r}: {error}"]
    return []
