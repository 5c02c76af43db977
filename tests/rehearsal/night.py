"""A night on call: commands typed one after the other against one deployed stack, and written down.

Each command runs in this process, so that every call it makes to AWS can be recorded with its
Region. What they print is kept as the transcript that the docs show.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from typer.testing import CliRunner

from resilience.aws import Aws
from resilience.cli import app

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

    from resilience.stage import Stage

# What differs from night to night, and what stands for it.
_FIGURES: Final = (
    (re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?([.]\d+)?([+]00:00)?"), "DATE"),
    (re.compile(r"\b\d{2}:\d{2}:\d{2}\b"), "TIME"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "DIGEST"),
    (re.compile(r"\d+([.]\d+)?"), "N"),
)


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A command, and what came of it."""

    command: str
    output: str
    code: int
    took_s: float
    calls: tuple[tuple[str, str], ...]

    @property
    def regions(self) -> set[str]:
        """The Regions that calls left for."""
        return {region for region, _ in self.calls}

    @property
    def operations(self) -> set[str]:
        """What was called."""
        return {operation for _, operation in self.calls}


@dataclass
class Night:
    """Types commands, and keeps what they print and where their calls go."""

    stage: Stage
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    typed: list[Typed | str] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    """The Region that a call left for, and what it was: `s3.HeadObject`."""

    def __post_init__(self) -> None:
        host, port = self.stage.dns_address
        environment = {
            **self.stage.aws_environment,
            "UNDERSTUDY_NAME_SERVER": f"{host}:{port}",
            "UNDERSTUDY_HTTPS_PORT": str(self.stage.https_port),
            "UNDERSTUDY_CA_FILE": str(self.stage.ca_file),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "COLUMNS": "110",
        }
        for name, value in environment.items():
            self.monkeypatch.setenv(name, value)
        self.monkeypatch.chdir(self.folder)
        made = Aws._client
        calls = self.calls

        def recorded(aws: Aws, service: str, region: str) -> Any:
            client = made(aws, service, region)
            if not getattr(client, "recorded", False):
                client.recorded = True
                client.meta.events.register(
                    "before-send.*",
                    lambda event_name, **_: calls.append(
                        (region, event_name.removeprefix("before-send."))
                    ),
                )
            return client

        self.monkeypatch.setattr(Aws, "_client", recorded)

    def note(self, text: str) -> None:
        """Write down what happened meanwhile."""
        self.typed.append(text)

    def run(self, *arguments: str) -> Typed:
        """Type a command and wait for its end."""
        before, began_s = len(self.calls), time.monotonic()
        result = CliRunner().invoke(app, list(arguments))
        assert result.exception is None or isinstance(result.exception, SystemExit), (
            result.exception,
            result.output,
        )
        typed = Typed(
            command="./run " + " ".join(_quoted(each) for each in arguments),
            output=result.output,
            code=result.exit_code,
            took_s=time.monotonic() - began_s,
            calls=tuple(self.calls[before:]),
        )
        self.typed.append(typed)
        return typed


def _quoted(argument: str) -> str:
    return f"'{argument}'" if " " in argument else argument


def transcript(night: Night, *, replaced: Mapping[str, str]) -> str:
    """Write the night as Markdown: each command with its exit code and all that it printed."""
    parts: list[str] = []
    for each in night.typed:
        if isinstance(each, str):
            parts += [each, ""]
            continue
        output = each.output
        for old, new in replaced.items():
            output = output.replace(old, new)
        lines = [line.rstrip() for line in output.strip().splitlines()]
        parts += ["```console", f"$ {each.command}", *lines, f"$ echo $?\n{each.code}", "```", ""]
    return "\n".join(parts)


def shape(page: str) -> list[str]:
    """Give what must not differ from night to night: the commands and how each of them ended."""
    found: list[str] = []
    lines = page.splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith(("$ ./run", "# ", "## ", "done:")):
            found.append(figureless(line))
        elif line == "$ echo $?":
            found.append(f"ended with {after}")
    return found


def figureless(line: str) -> str:
    """Put a letter in the place of each figure."""
    for pattern, letter in _FIGURES:
        line = pattern.sub(letter, line)
    return line
