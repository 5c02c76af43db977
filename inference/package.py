"""The files of a release, and the zip that holds them: same inputs, same bytes."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from inference.errors import ReleaseError

if TYPE_CHECKING:
    from typing import Literal

    Runtime = Literal["arrays", "joblib"]

PACKAGE = Path(__file__).parent
EARLIEST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
FILE_MODE = 0o100644 << 16
UNIX = 3

HANDLER_MODULES: dict[Runtime, str] = {
    "arrays": "inference.serving.handler",
    "joblib": "inference.sklearn_handler",
}
EXTRA_SOURCES: dict[Runtime, tuple[str, ...]] = {
    "arrays": (),
    "joblib": ("sklearn_handler.py", "sklearn_runtime.py"),
}


def stage_sources(directory: Path, runtime: Runtime, pythons: tuple[str, ...]) -> None:
    """Put the serving code into `directory`: the shim, the package, their bytecode.

    Args:
        directory: where to; exists.
        runtime: decides which handler the shim leads to.
        pythons: interpreters to compile for, besides this one.

    Raises:
        ReleaseError: an interpreter cannot be started, or does not compile the code.
    """
    shim = f'"""The Lambda handler: `handler.handle`."""\n\nfrom {HANDLER_MODULES[runtime]}'
    (directory / "handler.py").write_text(f"{shim} import handle as handle\n", encoding="utf-8")
    target = directory / "inference"
    (target / "serving").mkdir(parents=True)
    for name in ("__init__.py", *EXTRA_SOURCES[runtime]):
        shutil.copyfile(PACKAGE / name, target / name)
    for source in sorted((PACKAGE / "serving").glob("*.py")):
        shutil.copyfile(source, target / "serving" / source.name)
    for python in (sys.executable, *pythons):
        _compile(directory, python)


def _compile(directory: Path, python: str) -> None:
    """Compile to bytecode that is never checked against its source.

    A Lambda package lies on a read-only disk, so an interpreter could not keep what it
    compiles and would do so at every cold start, which then takes about twice as long.
    Each version of Python reads bytecode of its own. It is made in a fresh interpreter,
    because marshal's bytes depend on what else a process has loaded.
    """
    command = [python, "-I", "-S", "-m", "compileall", "-q", "-f"]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(directory), str(directory)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        message = f"cannot start {python!r} to compile for it: {error}; give its path"
        raise ReleaseError(message) from error
    if done.returncode:
        raise ReleaseError(f"the serving code does not compile: {done.stdout}{done.stderr}")


def files_of(directory: Path) -> dict[str, Path]:
    """Every file below a directory, by its name in the zip, in order of name."""
    found = (path for path in directory.rglob("*") if path.is_file())
    named = {path.relative_to(directory).as_posix(): path for path in found}
    return dict(sorted(named.items()))


def write_zip(directory: Path, target: Path) -> None:
    """Pack a directory; the bytes depend on names and contents alone."""
    with zipfile.ZipFile(target, "w") as archive:
        for name, path in files_of(directory).items():
            entry = zipfile.ZipInfo(name, EARLIEST_ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = FILE_MODE
            entry.create_system = UNIX
            archive.writestr(entry, path.read_bytes(), compresslevel=9)
