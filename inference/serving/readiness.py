"""Is this release fit to serve? Asked by Route 53's deep check and by the load balancer.

Three checks: every file is what the manifest says, the golden requests get the answers
they got when the release was built, and the release is the one that was deployed.
Digests are kept until a file changes on disk; the golden requests are answered anew each
time (a millisecond), because they prove the process, not the disk.
"""

from __future__ import annotations

from math import isclose

from inference.serving.problems import ProblemError
from inference.serving.release import GOLDEN_FILE, FileDigests, read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from inference.serving.release import Manifest

    Predict = Callable[[Any], list[dict[str, Any]]]

# Trees answer bit for bit the same everywhere. Where an exponential is taken, another
# machine's C library may differ in the last place: that is not a different model.
TOLERANCE = 1e-12


def same_answer(expected: Any, actual: Any) -> bool:
    """Equal in shape and labels, numbers to within 1e-12."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(
            same_answer(expected[name], actual[name]) for name in expected
        )
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(same_answer, expected, actual))
    if isinstance(expected, float) and isinstance(actual, float):
        return isclose(expected, actual, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return type(expected) is type(actual) and expected == actual


class Readiness:
    """The deep check of one release."""

    def __init__(self, manifest: Manifest, expected_digest: str | None) -> None:
        self._manifest = manifest
        self._expected_digest = expected_digest
        self._digests = FileDigests(manifest)
        self._golden: list[dict[str, Any]] | None = None

    def failures(self, predict: Predict) -> list[dict[str, str]]:
        """What is wrong, one entry each; empty means ready."""
        # A damaged model is not asked: a wrong link in a tree could keep it walking.
        return self.package_failures() or self._answers(predict)

    def package_failures(self) -> list[dict[str, str]]:
        """What is wrong with the package, the model unasked."""
        return [*self._release(), *self._digests.failures()]

    def _release(self) -> list[dict[str, str]]:
        if self._expected_digest in (None, "", self._manifest.digest):
            return []
        reason = f"this is {self._manifest.digest}, deployed was {self._expected_digest}"
        return [{"check": "release", "name": "UNDERSTUDY_RELEASE_DIGEST", "reason": reason}]

    def _answers(self, predict: Predict) -> list[dict[str, str]]:
        try:
            golden = self._golden_requests()
        except (OSError, ValueError, KeyError, TypeError) as error:
            return [{"check": "golden", "name": GOLDEN_FILE, "reason": repr(error)}]
        found: list[dict[str, str]] = []
        for number, case in enumerate(golden):
            reason = _wrong(case, predict)
            if reason:
                found.append({"check": "golden", "name": f"golden[{number}]", "reason": reason})
        return found

    def _golden_requests(self) -> list[dict[str, Any]]:
        golden = self._golden
        if golden is None:
            golden = read_json(f"{self._manifest.root}/{GOLDEN_FILE}")["golden"]
            self._golden = golden
        return golden


def _wrong(case: dict[str, Any], predict: Predict) -> str | None:
    try:
        predictions = predict(case["request"])
    except (ProblemError, IndexError, KeyError, TypeError, ValueError) as error:
        return f"no answer: {error!r}"
    if same_answer(case["response"]["predictions"], predictions):
        return None
    return "the answer is not the one the release was built with"
