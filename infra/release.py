"""The release to deploy: one zip, known by two digests.

The program reads it from disk and knows nothing of how it was built.
"""

import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import pulumi

_MANIFEST: Final = "manifest.json"
_GOLDEN: Final = "golden.json"
_NEXT_STEP: Final = "build one with `python -m inference release`, or set understudy:release"

# Lambda takes packages from a bucket up to 250 MB unzipped; beyond this a zip is not one of ours.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_UNZIPPED_MAX_BYTES: Final = 250 * 1024 * 1024


class ReleaseError(pulumi.RunError):
    """The release at the configured path cannot be deployed.

    Attributes:
        path: Where it was looked for.
        expected: What was expected of it.
        next_step: What to do about it.
    """

    def __init__(self, path: Path, got: str, expected: str, *, next_step: str = _NEXT_STEP) -> None:
        super().__init__(f"release {path}: {got}; expected {expected}; {next_step}")
        self.path = path
        self.expected = expected
        self.next_step = next_step


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release whose zip and manifest have been read.

    Attributes:
        path: The zip.
        package_digest: sha256 of the zip, lower-case hex; names its key in the release buckets.
        release_digest: sha256 of its manifest, lower-case hex; the manifest pins every other file,
            so the function compares it with what it finds itself running.
        golden: Requests with their exact answers, JSON text as in the zip; canaries send them.
    """

    path: Path
    package_digest: str
    release_digest: str
    golden: str

    @property
    def key(self) -> str:
        """Key of the zip in every release bucket; other bytes have another key."""
        return f"releases/{self.package_digest}.zip"


def read_release(path: Path, *, container: bool = False) -> Release:
    """Read a release zip and take its digests.

    A container image holds the same files, so the zip tells its release digest too.

    Args:
        path: The zip.
        container: Whether an image brings the runtime that the release needs.

    Raises:
        ReleaseError: If there is no file, it is not a whole zip, it has no manifest or no golden
            answers, or its manifest asks for another runtime than a zip can bring.
    """
    if not path.is_file():
        raise ReleaseError(path, "no such file", "a release zip")
    manifest, golden = _contents(path)
    _check_runtime(path, manifest, ("arrays", "joblib") if container else ("arrays",))
    return Release(
        path=path,
        package_digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        release_digest=hashlib.sha256(manifest).hexdigest(),
        golden=golden.decode(),
    )


def _contents(path: Path) -> tuple[bytes, bytes]:
    try:
        with zipfile.ZipFile(path) as package:
            unzipped_bytes = sum(entry.file_size for entry in package.infolist())
            if unzipped_bytes > _UNZIPPED_MAX_BYTES:
                expected = f"at most {_UNZIPPED_MAX_BYTES} bytes, Lambda's limit"
                raise ReleaseError(path, f"{unzipped_bytes} bytes unzipped", expected)
            damaged = package.testzip()
            if damaged is not None:
                raise ReleaseError(path, f"{damaged} is damaged", "a whole zip")
            return _member(package, path, _MANIFEST), _member(package, path, _GOLDEN)
    except zipfile.BadZipFile as error:
        raise ReleaseError(path, f"not a zip ({error})", "a release zip") from error


def _member(package: zipfile.ZipFile, path: Path, name: str) -> bytes:
    try:
        return package.read(name)
    except KeyError as error:
        raise ReleaseError(path, f"it holds no {name}", "a release zip") from error


def _check_runtime(path: Path, manifest: bytes, known: tuple[str, ...]) -> None:
    try:
        facts = json.loads(manifest)
    except ValueError as error:
        raise ReleaseError(path, f"its {_MANIFEST} is not JSON ({error})", "a manifest") from error
    runtime = cast("dict[str, object]", facts).get("runtime") if isinstance(facts, dict) else None
    if runtime not in known:
        raise ReleaseError(
            path,
            f'its {_MANIFEST} has runtime "{runtime}"',
            f"runtime {' or '.join(known)}"
            + (
                ""
                if "joblib" in known
                else " (joblib needs a container image: understudy:runtime container)"
            ),
            next_step="see the parity report next to the release for why the model was not"
            " exported, change the model, and run `python -m inference release` again",
        )
