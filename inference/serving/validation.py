"""From a request's body to rows the model can take, or a problem that names the field.

A request is valid as a whole or not at all: there is no answer for some of the rows.
"""

from __future__ import annotations

from json import JSONDecoder

from inference.serving.problems import MAX_ERRORS, error, invalid, malformed, shown, too_large

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Check = Callable[[Any], Any]

NAN = float("nan")
LARGEST = 3.4028234663852886e38  # float32's largest number: what a tree can compare
MAX_CATEGORIES_SHOWN = 8


class _UnacceptableError(Exception):
    """A value that its feature does not take."""


class _DuplicateKeyError(ValueError):
    """A JSON object with the same name twice: which one is meant is anybody's guess."""


class _ConstantError(ValueError):
    """NaN or Infinity, which JSON does not have."""


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _DuplicateKeyError(name)
            seen.add(name)
    return members


def _no_constant(name: str) -> Any:
    raise _ConstantError(name)


_decoder = JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constant)


def parse_json(body: bytes) -> Any:
    """Strict JSON: UTF-8, no duplicate names, no NaN or Infinity.

    Raises:
        ProblemError: 400, with what is wrong.
    """
    try:
        return _decoder.decode(body.decode("utf-8"))
    except UnicodeDecodeError as bad:
        raise malformed(f"The body is not UTF-8: {bad}", expected="JSON in UTF-8") from bad
    except _DuplicateKeyError as bad:
        name = shown(str(bad))
        detail = f"The name {name} occurs twice in one object"
        raise malformed(detail, field=name.strip('"'), expected="each name once") from bad
    except _ConstantError as bad:
        detail = f"{bad} is not JSON; a missing value is null"
        raise malformed(detail, expected="finite numbers, or null where allowed") from bad
    except RecursionError as bad:
        detail = "The body is nested too deeply"
        raise malformed(detail, expected='{"rows": [...]}') from bad
    except ValueError as bad:
        raise malformed(f"The body is not JSON: {bad}", expected="a JSON object") from bad


def _number(*, nullable: bool) -> Check:
    def check(value: Any) -> float:
        kind = type(value)
        # bool is a subclass of int: the exact type tells them apart.
        if (kind is float or kind is int) and -LARGEST <= value <= LARGEST:
            return float(value)
        if value is None and nullable:
            return NAN
        raise _UnacceptableError

    return check


def _category(categories: list[Any], *, nullable: bool, any_value: bool) -> Check:
    text = any(isinstance(c, str) for c in categories)
    known = set(categories)
    number = _number(nullable=False)

    def check(value: Any) -> Any:
        if value is None and nullable:
            return NAN
        accepted = value if type(value) is str else number(value)
        if (type(accepted) is str) == text and (any_value or accepted in known):
            return accepted
        raise _UnacceptableError

    return check


def expectation(feature: dict[str, Any]) -> str:
    """What a feature takes, in words."""
    if feature["kind"] == "number":
        text = "a finite number that float32 can hold"
    else:
        some = feature["categories"][:MAX_CATEGORIES_SHOWN]
        more = ", ..." if len(feature["categories"]) > len(some) else ""
        text = f"one of {', '.join(shown(c) for c in some)}{more}"
        if feature["unknown"] == "accepted":
            kind = "text" if isinstance(some[0], str) else "a number"
            text = f"{kind}, such as {text[len('one of ') :]}"
    return f"{text}, or null" if feature["nullable"] else text


class Validator:
    """Checks requests against the features in a manifest."""

    def __init__(self, features: list[dict[str, Any]], max_rows: int) -> None:
        self._features = features
        self._names: list[str] = [f["name"] for f in features]
        self._name_set = set(self._names)
        self._checks = [self._check_of(f) for f in features]
        self._max_rows = max_rows

    @staticmethod
    def _check_of(feature: dict[str, Any]) -> Check:
        nullable: bool = feature["nullable"]
        if feature["kind"] == "number":
            return _number(nullable=nullable)
        any_value = feature["unknown"] == "accepted"
        return _category(feature["categories"], nullable=nullable, any_value=any_value)

    def rows(self, request: Any) -> list[list[Any]]:
        """The rows of a parsed request, values in the model's own order.

        Raises:
            ProblemError: 422 with each field that is wrong (the first 20), or 413.
        """
        given = self._given_rows(request)
        rows: list[list[Any]] = []
        errors: list[dict[str, Any]] = []
        for number, row in enumerate(given):
            rows.append(self._row(f"rows[{number}]", row, errors))
            if len(errors) >= MAX_ERRORS:
                break
        if errors:
            detail = "Nothing was predicted. See errors for each field and what it takes"
            raise invalid(detail, errors)
        return rows

    def _given_rows(self, request: Any) -> list[Any]:
        if not isinstance(request, dict):
            raise invalid(
                "The body is not an object", [error("body", 'an object {"rows": [...]}', request)]
            )
        strange = [name for name in request if name != "rows"]
        if strange:
            errors = [error(shown(name).strip('"'), 'only "rows"') for name in strange]
            raise invalid("The body has members that mean nothing here", errors)
        rows = request.get("rows")
        if not isinstance(rows, list) or not rows:
            expected = "an array of at least one row"
            raise invalid("The body has no rows", [error("rows", expected, rows)])
        if len(rows) > self._max_rows:
            raise too_large(
                f"{len(rows)} rows; send them in several requests",
                field="rows",
                expected=f"at most {self._max_rows} rows",
            )
        return rows

    def _row(self, field: str, row: Any, errors: list[dict[str, Any]]) -> list[Any]:
        values = self._values(field, row, errors)
        try:
            return [check(value) for check, value in zip(self._checks, values, strict=False)]
        except _UnacceptableError:
            self._explain(field, values, errors)
            return []

    def _explain(self, field: str, values: list[Any], errors: list[dict[str, Any]]) -> None:
        for feature, check, value in zip(self._features, self._checks, values, strict=False):
            try:
                check(value)
            except _UnacceptableError:
                name = f"{field}.{feature['name']}"
                errors.append(error(name, expectation(feature), value))

    def _values(self, field: str, row: Any, errors: list[dict[str, Any]]) -> list[Any]:
        """A row's values in order; none at all if the row's shape is wrong."""
        if isinstance(row, dict):
            if row.keys() == self._name_set:
                return [row[name] for name in self._names]
            self._explain_names(field, row, errors)
        elif isinstance(row, list):
            if len(row) == len(self._names):
                return row
            expected = f"{len(self._names)} values, one a feature"
            errors.append({**error(field, expected), "got": f"{len(row)} values"})
        else:
            errors.append(error(field, "an object of features by name, or an array", row))
        return []

    def _explain_names(self, field: str, row: dict[str, Any], errors: list[dict[str, Any]]) -> None:
        for feature in self._features:
            if feature["name"] not in row:
                entry = error(f"{field}.{feature['name']}", expectation(feature))
                errors.append({**entry, "got": "nothing"})
        for name in row:
            if name not in self._name_set:
                short = shown(name).strip('"')
                errors.append(error(f"{field}.{short}", "no feature of this name"))
