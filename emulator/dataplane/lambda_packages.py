"""What a worker finds on disk: its package, unpacked once and read-only, and the runtime's SDK.

A container image is not pulled: nobody here has a container runtime. It runs when it lies unpacked
in `work_dir/images/<64 hex digits of its digest>`: its configuration as `config.json` (as
`docker image inspect` shows it under `Config`) and its files under `rootfs`. The interpreter and
the libraries underneath Python are this machine's own.
"""

from __future__ import annotations

import asyncio
import importlib.util
import io
import json
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from emulator.store import FunctionVersion, Store

RUNTIME_MODULES: Final = (
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "dateutil",
    "six",
    "urllib3",
)
"""What AWS's Python runtime brings besides the standard library.

https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-dependencies
"""

UNZIPPED_LIMIT_BYTES: Final = 250 * 1024 * 1024
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_READ_ONLY_FILE = 0o444
_READ_ONLY_FOLDER = 0o555


class PackageError(Exception):
    """A package that cannot be unpacked. `kind` is the error type that Lambda shows."""

    def __init__(self, message: str, *, kind: str = "InvalidZipFileException") -> None:
        self.kind = kind
        super().__init__(message)


class Packages:
    """Unpacked packages under `work_dir/packages`, one a code digest, shared by every worker."""

    def __init__(self, work_dir: Path, store: Store) -> None:
        self._packages = work_dir / "packages"
        self._images = work_dir / "images"
        self._runtime = work_dir / "runtime"
        self._store = store
        self._locks: dict[str, asyncio.Lock] = {}

    async def unpacked(self, version: FunctionVersion) -> Path:
        """The folder that holds the version's package; unpacks it when it is not there yet.

        Raises:
            PackageError: the version is gone, is no zip, or is no valid or too large a zip.
        """
        if version.package_type != "Zip":
            return self._image(version) / "rootfs" / self._config(version)["WorkingDir"].strip("/")
        folder = self._packages / version.package_digest
        async with self._locks.setdefault(version.package_digest, asyncio.Lock()):
            if not folder.exists():
                content = self._store.package(version)
                if not content:
                    raise PackageError(f"{version.qualified_arn} has no code any more")
                await asyncio.to_thread(_unpack, content, folder)
        return folder

    def handler(self, version: FunctionVersion) -> str:
        """Module and function that answer: the version's own, or the command of its image.

        Raises:
            PackageError: the image does not lie here, or its configuration names no handler.
        """
        if version.package_type == "Zip":
            return version.handler
        return str(self._config(version)["Cmd"][0])

    def _image(self, version: FunctionVersion) -> Path:
        folder = self._images / version.package_digest
        if not folder.is_dir():
            raise PackageError(
                f"{version.qualified_arn} is a container image, which the emulator does not pull; "
                f"lay it out in {folder} (config.json and rootfs/) to run it",
                kind="InvalidImage",
            )
        return folder

    def _config(self, version: FunctionVersion) -> dict[str, Any]:
        file = self._image(version) / "config.json"
        try:
            found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise PackageError(f"{file} cannot be read: {error}", kind="InvalidImage") from error
        if not (isinstance(found.get("WorkingDir"), str) and found.get("Cmd")):
            message = f"{file} must name WorkingDir and Cmd, as an image's configuration does"
            raise PackageError(message, kind="InvalidImage")
        return found

    def runtime(self) -> Path:
        """A folder that exposes `RUNTIME_MODULES` of this interpreter and nothing else."""
        if not self._runtime.exists():
            made = _scratch_folder(self._runtime)
            for name in RUNTIME_MODULES:
                source = _location(name)
                (made / source.name).symlink_to(source)
            _publish(made, self._runtime)
        return self._runtime


def _location(module: str) -> Path:
    """The folder of a package, or the file of a single-file module."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise PackageError(
            f"the emulator's own environment has no {module!r}, which the Lambda runtime exposes:"
            " install the locked requirements",
            kind="Runtime.Missing",
        )
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin


def _unpack(content: bytes, folder: Path) -> None:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise PackageError(f"the package is no zip file: {error}") from error
    size = sum(item.file_size for item in archive.infolist())
    if size > UNZIPPED_LIMIT_BYTES:
        raise PackageError(
            f"Unzipped size must be smaller than {UNZIPPED_LIMIT_BYTES} bytes; it is {size}",
            kind="CodeStorageExceededException",
        )
    made = _scratch_folder(folder)
    with archive:
        archive.extractall(made)
    for parent, folders, files in os.walk(made):
        for name in files:
            (Path(parent) / name).chmod(_READ_ONLY_FILE)
        for name in folders:
            (Path(parent) / name).chmod(_READ_ONLY_FOLDER)
    _publish(made, folder)


def _scratch_folder(beside: Path) -> Path:
    beside.parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=".unpacking-", dir=beside.parent))


def _publish(made: Path, folder: Path) -> None:
    """Show a finished folder under its name in one step; a worker never sees half of one."""
    made.chmod(_READ_ONLY_FOLDER)
    try:
        made.rename(folder)
    except OSError:
        # Another emulator on the same work directory was first, with the same bytes.
        shutil.rmtree(made, ignore_errors=True)
