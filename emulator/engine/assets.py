"""Assets and archives turned into bytes, reproducibly.

An asset's or archive's wire form gains a `hash` (sha256 of the bytes), so two deploys of the same
content compare equal; the bytes lie under that name in the engine's asset directory. A zip is
deterministic: entries sorted, one fixed date, fixed permissions.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, Any, Final, cast

from emulator.engine.request import RefusedError
from emulator.engine.wire import ARCHIVE, SIGNATURE, is_asset

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_DATE: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o100644 << 16


class AssetStore:
    """Where materialised assets lie, and the project directory that relative paths start from."""

    def __init__(self, directory: Path, project_dir: Path) -> None:
        self._directory = directory
        self._project_dir = project_dir

    def materialise(self, value: Any) -> Any:
        """`value` with every asset and archive inside read, stored, and marked with its hash.

        Raises:
            RefusedError: A file does not exist, or the asset is remote.
        """
        if is_asset(value):
            return self._stored(cast("dict[str, Any]", value))
        if isinstance(value, dict):
            items = cast("dict[str, Any]", value).items()
            return {key: self.materialise(each) for key, each in items}
        if isinstance(value, list):
            return [self.materialise(each) for each in cast("list[Any]", value)]
        return value

    def read(self, value: Mapping[str, Any]) -> bytes:
        """The bytes of a materialised asset or archive."""
        return (self._directory / str(value["hash"])).read_bytes()

    def _stored(self, value: dict[str, Any]) -> dict[str, Any]:
        content = self._content(value)
        digest = hashlib.sha256(content).hexdigest()
        file = self._directory / digest
        if not file.exists():
            self._directory.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(f".{id(value)}.part")
            part.write_bytes(content)
            part.replace(file)
        return {**value, "hash": digest}

    def _content(self, value: Mapping[str, Any]) -> bytes:
        if "uri" in value:
            raise RefusedError(
                f"remote asset {value['uri']!r}: nothing is fetched from outside this machine; "
                "use a file or text asset"
            )
        if value[SIGNATURE] == ARCHIVE:
            return self._archive(value)
        if "text" in value:
            return str(value["text"]).encode()
        path = self._path(value)
        if not path.is_file():
            raise RefusedError(f"file asset {value['path']!r}: {path} is not a file")
        return path.read_bytes()

    def _archive(self, value: Mapping[str, Any]) -> bytes:
        if "path" not in value:
            return _zip(self._entries(value))
        path = self._path(value)
        if path.is_dir():
            return _zip(_tree(path))
        if zipfile.is_zipfile(path):
            return path.read_bytes()
        raise RefusedError(
            f"file archive {value['path']!r}: {path} is neither a directory nor a zip file"
        )

    def _entries(self, archive: Mapping[str, Any]) -> dict[str, bytes]:
        entries: dict[str, bytes] = {}
        for name, part in cast("dict[str, Mapping[str, Any]]", archive["assets"]).items():
            content = self._content(part)
            if part[SIGNATURE] != ARCHIVE:
                entries[name] = content
                continue
            with zipfile.ZipFile(io.BytesIO(content)) as inner:
                for entry in inner.namelist():
                    entries[f"{name}/{entry}"] = inner.read(entry)
        return entries

    def _path(self, value: Mapping[str, Any]) -> Path:
        return self._project_dir / str(value["path"])


def _tree(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def _zip(entries: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, _DATE)
            info.external_attr = _MODE
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, entries[name])
    return buffer.getvalue()
