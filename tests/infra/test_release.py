"""What a release zip must be before it is deployed."""

from pathlib import Path

import pytest

from infra.release import ReleaseError, read_release
from tests.infra.conftest import sha256, write_release


def test_a_release_is_known_by_the_digests_of_its_zip_and_its_manifest(tmp_path: Path) -> None:
    manifest = b'{"runtime": "arrays"}'
    path = write_release(tmp_path / "release.zip", manifest)
    release = read_release(path)
    assert release.package_digest == sha256(path.read_bytes())
    assert release.release_digest == sha256(manifest), "taken from the bytes, not from their parse"
    assert release.key == f"releases/{release.package_digest}.zip"


def test_other_bytes_have_another_key(tmp_path: Path) -> None:
    one = read_release(write_release(tmp_path / "1.zip", {"runtime": "arrays", "n": 1}))
    two = read_release(write_release(tmp_path / "2.zip", {"runtime": "arrays", "n": 2}))
    assert one.key != two.key, "a key is never written twice"


def test_a_missing_release_says_how_to_build_one(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"no such file.*python -m inference release") as caught:
        read_release(tmp_path / "release.zip")
    assert caught.value.path == tmp_path / "release.zip"


def test_a_directory_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="no such file"):
        read_release(tmp_path)


def test_a_truncated_release_is_refused(tmp_path: Path) -> None:
    path = write_release(tmp_path / "release.zip", {"runtime": "arrays"})
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ReleaseError, match="not a zip"):
        read_release(path)


def test_a_release_with_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = write_release(tmp_path / "release.zip", {"runtime": "arrays"})
    path.write_bytes(path.read_bytes().replace(b"def handle", b"def hand1e", 1))
    with pytest.raises(ReleaseError, match=r"handler\.py is damaged"):
        read_release(path)


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ({"runtime": "joblib"}, 'runtime "joblib".*container image.*parity report'),
        ({}, 'runtime "None"'),
        (b"[]", 'runtime "None"'),
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
    ],
)
def test_a_manifest_that_cannot_be_served_from_a_zip_is_refused(
    tmp_path: Path, manifest: dict[str, object] | bytes, said: str
) -> None:
    path = write_release(tmp_path / "release.zip", manifest)
    with pytest.raises(ReleaseError, match=said):
        read_release(path)


def test_a_zip_that_is_no_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "release.zip"
    path.write_bytes(b"PK\x05\x06" + bytes(18))
    with pytest.raises(ReleaseError, match=r"holds no manifest\.json"):
        read_release(path)
