"""A release as it lies on disk: the manifest, its digest, and the digests it pins."""

from __future__ import annotations

import os
from json import loads

# hashlib loads OpenSSL, which takes longer than everything else on the way to the first
# answer. The interpreter's own SHA-256 needs none; the standard library's `random` does
# the same: https://github.com/python/cpython/blob/3.13/Lib/random.py
try:
    from _sha2 import sha256  # pyright: ignore[reportMissingImports] (from Python 3.12 on)
except ImportError:
    try:
        from _sha256 import sha256  # pyright: ignore[reportMissingImports] (Python 3.11)
    except ImportError:
        from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MANIFEST_FILE = "manifest.json"
GOLDEN_FILE = "golden.json"
MODEL_DIRECTORY = "model"
CHUNK_BYTES = 1 << 20


def file_digest(path: str) -> str:
    """SHA-256 of a file's bytes, in hex."""
    digest = sha256()
    with open(path, "rb") as file:  # noqa: PTH123 (as in arrays.py)
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def read_json(path: str) -> Any:
    """A JSON file of the release."""
    with open(path, "rb") as file:  # noqa: PTH123 (as in arrays.py)
        return loads(file.read())


class Manifest:
    """The manifest of a release.

    Attributes:
        digest: SHA-256 of the manifest's own bytes; as it pins every other file, it
            names the release.
        facts: its members.
    """

    __slots__ = ("digest", "facts", "root")

    def __init__(self, root: str) -> None:
        with open(f"{root}/{MANIFEST_FILE}", "rb") as file:  # noqa: PTH123 (as in arrays.py)
            data = file.read()
        self.root = root
        self.digest: str = sha256(data).hexdigest()
        self.facts: dict[str, Any] = loads(data)


class FileDigests:
    """Says which files differ from the manifest.

    A file is hashed when first asked about, and again when its size, time or inode has
    changed: health checks come several times a second.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._root = manifest.root
        self._expected: dict[str, str] = manifest.facts["files"]
        self._seen: dict[str, tuple[tuple[int, int, int], str]] = {}

    def failures(self) -> list[dict[str, str]]:
        """One entry for each missing or changed file."""
        found: list[dict[str, str]] = []
        for name, expected in self._expected.items():
            try:
                actual = self._digest(name)
            except OSError as error:
                found.append({"check": "file", "name": name, "reason": str(error.strerror)})
                continue
            if actual != expected:
                reason = f"sha256 is {actual}, the manifest says {expected}"
                found.append({"check": "file", "name": name, "reason": reason})
        return found

    def _digest(self, name: str) -> str:
        path = f"{self._root}/{name}"
        facts = os.stat(path)  # noqa: PTH116 (as in arrays.py)
        state = (facts.st_size, facts.st_mtime_ns, facts.st_ino)
        known = self._seen.get(name)
        if known is None or known[0] != state:
            known = (state, file_digest(path))
            self._seen[name] = known
        return known[1]
