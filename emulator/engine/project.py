"""A project's files as the Pulumi CLI reads them: `Pulumi.yaml`, `Pulumi.<stack>.yaml`.

Keys without a namespace belong to the project; declared keys have defaults and types; arrays and
objects reach the program JSON-encoded. All problems are reported together, each by its key.
https://www.pulumi.com/docs/iac/concepts/config/ and
https://www.pulumi.com/docs/iac/concepts/projects/project-file/.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import yaml

from emulator.engine.request import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from emulator.engine.request import Request

_TYPES: Final = ("string", "boolean", "integer", "array", "object")


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project and one stack's configuration: full keys (`name:key`), values as text."""

    name: str
    stack: str
    root: Path
    program: Path
    config: Mapping[str, str]


def load(request: Request) -> Project:
    """Read the project and the stack's configuration.

    Raises:
        RefusedError: A file is missing or malformed, or a value does not fit its declaration.
    """
    root = request.project_dir.resolve()
    file = next(
        (root / name for name in ("Pulumi.yaml", "Pulumi.yml") if (root / name).exists()), None
    )
    if file is None:
        raise RefusedError(f"no Pulumi.yaml in {root}; expected a Pulumi project directory")
    project = _mapping(file)
    name = project.get("name")
    if not isinstance(name, str) or not name:
        raise RefusedError(f"{file.name}: `name` is {name!r}; expected the project's name")
    _check_runtime(file.name, project.get("runtime"))
    return Project(
        name=name,
        stack=request.stack,
        root=root,
        program=root / str(project.get("main", ".")),
        config=_Configuration(name, project, request).values(),
    )


def _check_runtime(file: str, runtime: object) -> None:
    name = cast("Mapping[str, Any]", runtime).get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        raise RefusedError(f"{file}: runtime is {name!r}; the emulator runs python programs")


def _mapping(file: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise RefusedError(f"{file} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise RefusedError(f"{file} is not YAML: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise RefusedError(f"{file} holds {type(found).__name__}; expected a mapping")
    return cast("dict[str, Any]", found)


class _Configuration:
    """Merges declarations, the stack's file and the request, in that order of precedence."""

    def __init__(self, name: str, project: Mapping[str, Any], request: Request) -> None:
        self._name = name
        self._problems: list[str] = []
        self._declared = {self._full(key): item for key, item in self._section(project).items()}
        default_file = request.project_dir / f"Pulumi.{request.stack}.yaml"
        file = request.config_file or default_file
        if not file.exists():
            raise RefusedError(
                f"{file} does not exist; the stack {request.stack!r} needs it, or a config file "
                "of another name given with the request"
            )
        self._given = {self._full(key): item for key, item in self._section(_mapping(file)).items()}
        self._given |= {self._full(key): item for key, item in request.config.items()}
        self._file = file

    def values(self) -> dict[str, str]:
        chosen: dict[str, str] = {}
        for key in sorted(self._declared.keys() | self._given.keys()):
            declaration = self._declared.get(key)
            value = self._value(key, declaration)
            if value is not None:
                chosen[key] = self._text(key, value, declaration)
        if self._problems:
            raise RefusedError("; ".join(self._problems))
        return chosen

    def _section(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        section = document.get("config") or {}
        if not isinstance(section, dict):
            raise RefusedError(f"`config` is {section!r}; expected a mapping of keys to values")
        return cast("Mapping[str, Any]", section)

    def _full(self, key: str) -> str:
        return key if ":" in key else f"{self._name}:{key}"

    def _value(self, key: str, declaration: object) -> Any:
        if key in self._given:
            return self._given[key]
        if not isinstance(declaration, dict):
            return declaration  # the short form `key: value` declares a value
        fields = cast("Mapping[str, Any]", declaration)
        value = fields.get("default", fields.get("value"))
        if value is None and "type" in fields:
            self._problems.append(
                f"{key} has no value and no default; expected a {fields['type']} "
                f"(set it in {self._file.name})"
            )
        return value

    def _text(self, key: str, value: object, declaration: object) -> str:
        if isinstance(value, dict) and "secure" in value:
            self._problems.append(
                f"{key} is a secure value; the emulator holds no stack's key, so it cannot decrypt "
                "it (override it in the request with a value made up for the emulator)"
            )
            return ""
        if isinstance(declaration, dict) and "type" in declaration:
            expected = str(cast("Mapping[str, Any]", declaration)["type"])
            if not _fits(value, expected):
                self._problems.append(f"{key} is {value!r}; expected {_article(expected)}")
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) else json.dumps(value)


def _article(kind: str) -> str:
    known = f" (types are {', '.join(_TYPES)})" if kind not in _TYPES else ""
    return f"{'an' if kind[0] in 'aeio' else 'a'} {kind}{known}"


def _fits(value: object, kind: str) -> bool:
    match kind:
        case "string":
            fits = isinstance(value, str)
        case "boolean":
            fits = isinstance(value, bool) or value in ("true", "false")
        case "integer":
            whole = isinstance(value, int) and not isinstance(value, bool)
            fits = whole or (isinstance(value, str) and value.lstrip("-").isdigit())
        case "array":
            fits = isinstance(_parsed(value), list)
        case _:
            fits = kind == "object" and isinstance(_parsed(value), dict)
    return fits


def _parsed(value: object) -> object:
    """A value given as text (as `pulumi config set` writes arrays) counts as what it encodes."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
