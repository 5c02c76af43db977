"""What is wrong with a request, as an RFC 9457 problem document."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_ERRORS = 20
MAX_TEXT = 80


class ProblemError(Exception):
    """A request that gets a problem document for an answer.

    Args:
        status: HTTP status.
        slug: last part of the problem's type.
        title: what kind of problem it is; the same for all of the kind.
        detail: what is wrong with this request and what to do.
        errors: one entry a field, see `error`; the first 20 are shown.
        headers: headers the status calls for, such as Allow.
    """

    def __init__(
        self,
        status: int,
        slug: str,
        title: str,
        detail: str,
        *,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.title = title
        self.detail = detail
        self.errors = errors or []
        self.headers = headers or {}

    def document(self, request_id: str) -> dict[str, Any]:
        """The members of the problem document."""
        members: dict[str, Any] = {
            "type": f"urn:understudy:problem:{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": f"urn:understudy:request:{request_id}",
        }
        if self.errors:
            members["errors"] = self.errors[:MAX_ERRORS]
        return members


def shown(value: object) -> str:
    """A value from a request, short enough to be quoted back."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    names = {None: "null", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return names[value]
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "..."


def error(field: str, expected: str, *got: object) -> dict[str, Any]:
    """One entry of a problem's `errors`: the field, what was expected and, if any, what came."""
    entry: dict[str, Any] = {"field": field, "expected": expected}
    if got:
        entry["got"] = shown(got[0])
    return entry


def malformed(detail: str, *, field: str = "body", expected: str) -> ProblemError:
    """400: the request cannot be read at all."""
    return ProblemError(
        400,
        "malformed-request",
        "The request cannot be read",
        detail,
        errors=[error(field, expected)],
    )


def invalid(detail: str, errors: list[dict[str, Any]]) -> ProblemError:
    """422: well-formed JSON that is not a valid request for this model."""
    return ProblemError(422, "invalid-rows", "The rows do not fit the model", detail, errors=errors)


def too_large(detail: str, *, field: str, expected: str) -> ProblemError:
    """413: more than one request may carry."""
    return ProblemError(
        413, "too-large", "The request is too large", detail, errors=[error(field, expected)]
    )
