"""Functions that are container images: run where one lies unpacked, refused where none does."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from inference.container_lock import NEEDED
from tests.unit.inference.served import SMALL, event_of

if TYPE_CHECKING:
    from tests.contract.dataplane.cloud import Cloud
    from tests.contract.dataplane.driver import Lambda

MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": {"size": 1234, "digest": "sha256:" + "0" * 64},
    "layers": [],
}


@pytest.fixture(scope="module")
def joblib_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unpacked release, built in a process of its own as an operator builds it.

    What else a process has imported (dill, by Pulumi) changes how it pickles.
    """
    out = tmp_path_factory.mktemp("release")
    command = [sys.executable, "-m", "inference", "release", "--out", str(out)]
    subprocess.run([*command, "--model", SMALL, "--runtime", "joblib"], check=True)
    with zipfile.ZipFile(out / "release.zip") as archive:
        archive.extractall(out / "unpacked")
    return out / "unpacked"


@pytest.fixture
def image(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> str:
    """An image in the function's own Region; returns its digest."""
    monkeypatch.setenv("MOTO_LAMBDA_STUB_ECR", "false")
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="images")
    put = ecr.put_image(repositoryName="images", imageManifest=json.dumps(MANIFEST), imageTag="one")
    digest = str(put["image"]["imageId"]["imageDigest"])
    uri = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/images@{digest}"
    cloud.client("lambda").create_function(
        FunctionName="fn",
        Role=cloud.role(),
        PackageType="Image",
        Code={"ImageUri": uri},
        Publish=True,
        Timeout=30,
    )
    return digest


def lay_out(work_dir: Path, digest: str, release: Path) -> Path:
    """What `docker export` and `docker image inspect` would give, with this machine's packages."""
    folder = work_dir / "images" / digest.removeprefix("sha256:")
    task = folder / "rootfs" / "var" / "task"
    task.mkdir(parents=True)
    config = {"WorkingDir": "/var/task", "Cmd": ["handler.handle"]}
    (folder / "config.json").write_text(json.dumps(config))
    installed = next(Path(each) for each in sys.path if (Path(each) / "sklearn").is_dir())
    names = {each.replace("scikit-learn", "sklearn") for each in NEEDED}
    for each in [*release.iterdir(), *installed.iterdir()]:
        package = each.name.split(".")[0].split("-")[0].replace("scikit_learn", "sklearn")
        if each.parent == release or package in names:
            (task / each.name).symlink_to(each)
    return folder


@pytest.mark.usefixtures("cloud")
def test_an_image_that_does_not_lie_here_is_refused_with_where_it_would_be_looked_for(
    functions: Lambda, image: str, work_dir: Path
) -> None:
    result = functions.invoke()
    assert (result.status, result.error) == (502, "InvalidImage")
    said = json.loads(result.payload)["Message"]
    assert "does not pull" in said
    assert str(work_dir / "images" / image.removeprefix("sha256:")) in said


@pytest.mark.usefixtures("cloud")
def test_an_image_without_a_command_is_refused(
    functions: Lambda, image: str, work_dir: Path, tmp_path: Path
) -> None:
    folder = lay_out(work_dir, image, tmp_path)
    (folder / "config.json").write_text('{"WorkingDir": "/var/task"}')
    assert "must name WorkingDir and Cmd" in json.loads(functions.invoke().payload)["Message"]


@pytest.mark.usefixtures("cloud")
def test_the_joblib_release_keeps_the_handlers_contract_in_an_image(
    functions: Lambda, image: str, work_dir: Path, joblib_release: Path
) -> None:
    lay_out(work_dir, image, joblib_release)

    def ask(method: str, path: str, **members: Any) -> dict[str, Any]:
        reply: dict[str, Any] = functions.answer(event_of(method, path, **members))
        return reply

    ready = ask("GET", "/health/ready")
    assert ready["statusCode"] == 200, ready["body"]
    assert ready["body"].startswith('{"ready":true')
    golden = json.loads((joblib_release / "golden.json").read_text())["golden"]
    reply = ask("POST", "/v1/predict", body=json.dumps(golden[0]["request"]))
    body = json.loads(reply["body"])
    assert body["predictions"] == golden[0]["response"]["predictions"]
    assert (
        body["release"]
        == hashlib.sha256((joblib_release / "manifest.json").read_bytes()).hexdigest()
    )
    assert reply["headers"]["x-understudy-region"] == "us-east-1"
    model = json.loads(ask("GET", "/v1/model")["body"])
    assert model["runtime"] == "joblib", "scikit-learn itself answered"
