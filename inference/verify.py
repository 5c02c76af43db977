"""Is a release whole, and does it answer right?

The code inside the zip is not run: this package's own serving code opens the release's
model and answers its golden requests. A joblib original is not loaded at all (loading
one runs code), so there only the digests are checked.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass, replace
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from inference.errors import ReleaseError
from inference.serving.release import MANIFEST_FILE
from inference.serving.service import load_arrays, open_service

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """A release as it lies in its zip.

    Attributes:
        release_digest, package_digest: SHA-256 of the manifest and of the zip.
        size_bytes: of the zip.
        manifest: its members.
        problems: what is wrong, each with the file's name; empty if nothing was found.
        answers_checked: the golden requests were answered.
    """

    release_digest: str
    package_digest: str
    size_bytes: int
    manifest: dict[str, Any]
    problems: tuple[str, ...] = ()
    answers_checked: bool = False


def inspect_release(path: Path) -> Inspected:
    """Read a release's manifest.

    Raises:
        ReleaseError: there is no zip at `path`, or no manifest in it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = archive.read(MANIFEST_FILE)
        data = path.read_bytes()
        facts = json.loads(manifest)
        if not isinstance(facts.get("files"), dict):
            raise ReleaseError(f"{path}: {MANIFEST_FILE} lists no files; build the release anew")
    except KeyError as error:
        message = f"{path} has no {MANIFEST_FILE}; is it a release? `inference release` makes one"
        raise ReleaseError(message) from error
    except (OSError, zipfile.BadZipFile, ValueError, AttributeError) as error:
        raise ReleaseError(f"cannot read the release {path}: {error}") from error
    return Inspected(
        release_digest=hashlib.sha256(manifest).hexdigest(),
        package_digest=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        manifest=facts,
    )


def verify_release(path: Path) -> Inspected:
    """Check every file against the manifest, then answer the golden requests.

    Raises:
        ReleaseError: there is no zip at `path`, or no manifest in it.
    """
    found = inspect_release(path)
    expected: dict[str, str] = found.manifest["files"]
    with zipfile.ZipFile(path) as archive:
        problems = _file_problems(archive, expected)
        asked = not problems and found.manifest["runtime"] == "arrays"
        if asked:
            problems = _answer_problems(archive)
    return replace(found, problems=tuple(problems), answers_checked=asked)


def _file_problems(archive: zipfile.ZipFile, expected: dict[str, str]) -> list[str]:
    names = archive.namelist()
    problems = [
        f"{name} is in the zip twice" for name in sorted(set(names)) if names.count(name) > 1
    ]
    problems += [f"{name} is missing" for name in expected if name not in names]
    for name in sorted(set(names) - {MANIFEST_FILE}):
        if name not in expected:
            problems.append(f"{name} is not in the manifest")
        elif _digest(archive, name) != expected[name]:
            problems.append(f"{name} is not the file that the manifest pins")
    return problems


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    try:
        return hashlib.sha256(archive.read(name)).hexdigest()
    except zipfile.BadZipFile as error:
        return f"unreadable: {error}"


def _answer_problems(archive: zipfile.ZipFile) -> list[str]:
    with TemporaryDirectory(prefix="understudy-verify-") as directory:
        archive.extractall(directory)  # each name and digest is the manifest's
        found = open_service(directory, load_arrays, {}).failures()
    return [f"{each['name']}: {each['reason']}" for each in found]
