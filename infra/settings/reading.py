"""Reading settings one after the other, and keeping all that is wrong with them."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

import pulumi

from infra.settings import fields

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with the settings.

    Attributes:
        key: The setting, with its namespace.
        got: What it is set to, or None if it is not set.
        expected: What it may be.
        next_step: What to do about it.
    """

    key: str
    got: str | None
    expected: str
    next_step: str

    def __str__(self) -> str:
        """Say it in one line."""
        got = "it is not set" if self.got is None else f"got {self.got}"
        return f"{self.key}: {got}; expected {self.expected}; {self.next_step}"


class SettingsError(pulumi.RunError):
    """The settings of a stack cannot be used; names every problem, not only the first.

    Attributes:
        problems: What is wrong, in the order of the settings.
    """

    def __init__(self, stack: str, problems: tuple[Problem, ...]) -> None:
        lines = [f"stack {stack} has {len(problems)} wrong setting(s):"]
        super().__init__("\n  ".join([*lines, *map(str, problems)]))
        self.problems = problems


@dataclass
class Reading:
    """Reads settings one after the other and keeps what is wrong with them."""

    project: str
    raw: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list[Problem])
    known: set[str] = field(default_factory=set[str])

    def read(self, key: str, reader: fields.Reader[T]) -> T:
        """Return the setting's value; if it is wrong, note the problem and return nothing of use.

        What is returned then is never seen: `parse_settings` raises while there are problems.
        """
        self.known.add(key)
        text = self.raw.get(key)
        try:
            if text is None:
                raise fields.FieldError("a value, here or as a default in Pulumi.yaml")  # noqa: TRY301 - one way to note a problem
            return reader(text)
        except fields.FieldError as error:
            self.note(key, error.expected, f"set it in the stack's file under {self._full(key)}")
        return cast("T", None)

    def note(self, key: str, expected: str, next_step: str) -> None:
        """Note that a setting is wrong, alone or beside another one."""
        got = None if key not in self.raw else f'"{self.raw[key]}"'
        problem = Problem(key=self._full(key), got=got, expected=expected, next_step=next_step)
        self.problems.append(problem)

    def sound(self, *keys: str) -> bool:
        """Whether nothing is wrong with these settings so far, so that others may build on them."""
        return {self._full(key) for key in keys}.isdisjoint(each.key for each in self.problems)

    def refuse_unknown(self) -> None:
        """Note every key that no setting has; a misspelt one would be ignored in silence."""
        for key in sorted(self.raw.keys() - self.known):
            near = [self._full(each) for each in _nearest(key, self.known)]
            step = (
                f"did you mean {' or '.join(near)}?"
                if near
                else "remove it; docs/reference/settings.md has all there are"
            )
            self.note(key, "the name of a setting", step)

    def _full(self, key: str) -> str:
        return f"{self.project}:{key}"


def _nearest(key: str, known: set[str]) -> list[str]:
    """The names that a misspelt one is most like; none if it is like no other."""
    found = difflib.get_close_matches(key, sorted(known))

    def likeness(name: str) -> float:
        return difflib.SequenceMatcher(None, name, key).ratio()

    return [each for each in found if likeness(each) == likeness(found[0])]
