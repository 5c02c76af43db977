"""What a release answers, read from the release itself: the only judge of a right answer."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

PREDICT_PATH = "/v1/predict"


class ReleaseError(Exception):
    """A release zip that cannot be used for a run."""


@dataclass(frozen=True)
class Golden:
    """One request body, and the predictions that are the right answer to it."""

    body: bytes
    predictions: Any


@dataclass(frozen=True, kw_only=True)
class Release:
    """What a run needs to know of a release: its digest, and golden requests to rotate over."""

    digest: str
    golden: tuple[Golden, ...]

    def right(self, index: int, body: bytes) -> bool:
        """Tell whether a reply's body is exactly the answer of *this* release to request `index`.

        A right answer of another release is a wrong answer.
        """
        try:
            reply = json.loads(body)
        except ValueError:
            return False
        expected = {"predictions": self.golden[index].predictions, "release": self.digest}
        return reply == expected


def read_release(path: Path) -> Release:
    """Read digest and golden requests out of a release zip.

    Raises:
        ReleaseError: the file is missing, no release, or has no golden requests.
    """
    try:
        with zipfile.ZipFile(path) as package:
            manifest = package.read("manifest.json")
            entries = json.loads(package.read("golden.json"))["golden"]
        golden = tuple(
            Golden(
                body=json.dumps(entry["request"]).encode(),
                predictions=entry["response"]["predictions"],
            )
            for entry in entries
        )
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise ReleaseError(
            f"{path} is no release ({type(error).__name__}: {error}): expected a zip with "
            "manifest.json and golden.json; build one with: ./run release"
        ) from error
    if not golden:
        raise ReleaseError(f"{path} holds no golden request: build the release again")
    return Release(digest=hashlib.sha256(manifest).hexdigest(), golden=golden)
