"""A release: its layout, its bytes, its runtime, and what refuses to become one."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import inference.release
from inference.errors import ExportError, ParityError, ReleaseError
from inference.manifest import row_limit
from inference.release import Order, build_release
from inference.serving.evaluate import Model
from inference.serving.service import open_service, respond
from inference.sklearn_runtime import load_joblib
from inference.verify import verify_release
from tests.unit.inference import small_model
from tests.unit.inference.served import GOOD_ROW, SMALL, Served, body_of, event_of, serve

if TYPE_CHECKING:
    from pathlib import Path

    from inference.model import TrainedModel


def test_a_release_has_the_layout_that_the_other_parts_rely_on(small: Served) -> None:
    beside = {path.name for path in small.built.path.parent.iterdir()} - {"unpacked"}
    assert beside == {"release.zip", "manifest.json", "model.joblib", "parity.json"}
    with zipfile.ZipFile(small.built.path) as archive:
        names = set(archive.namelist())
        inner = archive.read("manifest.json")
    wanted = {"handler.py", "inference/__init__.py", "inference/serving/handler.py"}
    wanted |= {"model/structure.json", "model/arrays.bin", "manifest.json", "golden.json"}
    assert wanted <= names, "what the contract lists is inside"
    assert not any(name.endswith(".joblib") for name in names), "the original is never inside"
    assert inner == (small.built.path.parent / "manifest.json").read_bytes(), "one manifest"
    assert small.built.release_digest == sha256(inner).hexdigest()
    assert small.built.package_digest == sha256(small.built.path.read_bytes()).hexdigest()
    assert set(json.loads(inner)["files"]) == names - {"manifest.json"}, "every file is pinned"


def test_golden_requests_are_different_rows_with_the_answers_served(small: Served) -> None:
    golden = json.loads((small.root / "golden.json").read_bytes())["golden"]
    assert len(golden) >= 8, "one row alone could be right by chance"
    assert len({json.dumps(case["request"]) for case in golden}) == len(golden)
    client = small.open()
    for case in golden:
        body = body_of(client.predict(case["request"]))
        release = body.pop("release")
        assert body == case["response"], "a golden answer is the reply's body without its release"
        assert release == small.built.release_digest
    labels = {p["label"] for case in golden for p in case["response"]["predictions"]}
    assert labels == {"stays", "leaves"}, "golden answers cover every label"


def test_the_same_inputs_give_the_same_bytes(small: Served, tmp_path: Path) -> None:
    again = build_release(Order(out=tmp_path, module=SMALL))
    for name in ("release.zip", "manifest.json", "model.joblib", "parity.json"):
        ours, theirs = (tmp_path / name), (small.built.path.parent / name)
        assert ours.read_bytes() == theirs.read_bytes(), f"{name} must be reproducible"
    other = build_release(Order(out=tmp_path, module=SMALL, seed=7))
    assert other.release_digest != again.release_digest, "another model is another release"


def test_a_failed_build_leaves_no_release_and_nothing_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_release(Order(out=tmp_path, module=SMALL))
    real, moved = os.replace, []

    def full_disk(source: Any, target: Any) -> None:
        if moved:
            raise OSError(28, "No space left on device")
        moved.append(target)
        real(source, target)

    monkeypatch.setattr(inference.release.os, "replace", full_disk)
    with pytest.raises(ReleaseError, match="No space left"):
        build_release(Order(out=tmp_path, module=SMALL, seed=1))
    names = {path.name for path in tmp_path.iterdir()}
    assert "release.zip" not in names, "a zip must never lie beside another release's files"
    assert not any(name.startswith(".") for name in names), "nothing half made is left"


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="ascii")
    with pytest.raises(ReleaseError, match="give another --out"):
        build_release(Order(out=tmp_path / "file" / "release", module=SMALL))


def unsupported(seed: int) -> TrainedModel:
    """The small model behind a step that has no exported form."""
    from dataclasses import replace

    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    model = small_model.train(seed)
    return replace(model, pipeline=make_pipeline(FunctionTransformer(np.copy), model.pipeline))


def test_what_cannot_be_exported_falls_to_joblib_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: Served
) -> None:
    monkeypatch.setattr(inference.release, "load_model_module", lambda _: unsupported)
    with pytest.raises(ExportError, match="FunctionTransformer"):
        build_release(Order(out=tmp_path, runtime="arrays"))
    assert not (tmp_path / "release.zip").exists(), "refused means nothing is written"
    served = serve(tmp_path, runtime="auto")
    assert served.built.runtime == "joblib"
    assert "FunctionTransformer" in served.built.reason, "the reason names what stands in the way"
    service = open_service(str(served.root), load_joblib, {})
    event = event_of("POST", "/v1/predict", body=json.dumps({"rows": [GOOD_ROW]}))
    ours, theirs = small.open().send(event), respond(service, event, None)
    assert body_of(ours)["predictions"] == body_of(theirs)["predictions"], "one contract"
    assert respond(service, event_of("GET", "/health/ready"), None)["statusCode"] == 200
    verified = verify_release(served.built.path)
    assert (verified.problems, verified.answers_checked) == ((), False), (
        "verifying loads no joblib file, and does not claim that it did"
    )


def test_a_joblib_file_that_is_not_the_released_one_is_never_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served = serve(tmp_path, runtime="joblib")
    (served.root / "model" / "model.joblib").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    service = open_service(str(served.root), load_joblib, {})
    reply = respond(service, event_of("GET", "/health/ready"), None)
    assert reply["statusCode"] == 503
    said = capsys.readouterr().out
    assert "is not loaded" in said, "a pickle runs code: it is hashed before it is loaded"


def test_a_joblib_model_of_other_versions_is_not_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served = serve(tmp_path, runtime="joblib")
    manifest = served.root / "manifest.json"
    facts = json.loads(manifest.read_bytes())
    facts["versions"]["scikit-learn"] = "0.1"
    manifest.write_text(json.dumps(facts), encoding="ascii")
    service = open_service(str(served.root), load_joblib, {})
    assert respond(service, event_of("GET", "/health/ready"), None)["statusCode"] == 503
    assert "0.1" in capsys.readouterr().out


def test_without_parity_it_falls_to_joblib_or_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Model.__init__

    def off_by_a_little(self: Model, structure: Any, arrays: Any) -> None:
        real(self, structure, arrays)
        scores = self.scores
        self.scores = lambda row: [score + 1e-15 for score in scores(row)]

    monkeypatch.setattr(Model, "__init__", off_by_a_little)
    with pytest.raises(ParityError, match="no parity with scikit-learn"):
        build_release(Order(out=tmp_path, module=SMALL, runtime="arrays"))
    built = build_release(Order(out=tmp_path, module=SMALL, runtime="auto"))
    assert built.runtime == "joblib"
    assert "scores differ by" in built.reason
    report = json.loads((tmp_path / "parity.json").read_bytes())
    assert not report["passed"], "the report of the failed gate is kept"


def test_the_row_limit_keeps_a_reply_under_one_megabyte() -> None:
    assert row_limit(None) == 1000
    assert row_limit(("no", "yes")) == 1000
    many = tuple(f"a class with a long name, number {i}" for i in range(200))
    limit = row_limit(many)
    numbers = dict.fromkeys(many, -1.2345678901234567e-300)
    reply = json.dumps({"predictions": [{"label": many[-1], "probabilities": numbers}] * limit})
    assert 1 <= limit < 1000
    assert len(reply) < 1_000_000, "a Lambda target's reply may not be larger"


def test_an_interpreter_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="no-such-python"):
        build_release(Order(out=tmp_path, module=SMALL, pythons=("no-such-python",)))
    assert not list(tmp_path.iterdir()), "and nothing half made is left"


def test_bytecode_is_put_in_for_each_interpreter_asked_for(tmp_path: Path) -> None:
    # Another version may not be installed here: one that names its bytecode differently.
    other = tmp_path / "other-python"
    rename = "sys.implementation.cache_tag = 'cpython-999'"
    script = f"import sys, runpy; {rename}; sys.argv = sys.argv[4:]; "
    script += "runpy.run_module('compileall', run_name='__main__')"
    other.write_text(f'#!/bin/sh\nexec {sys.executable} -I -c "{script}" "$@"\n', encoding="ascii")
    other.chmod(0o755)
    built = build_release(Order(out=tmp_path / "out", module=SMALL, pythons=(str(other),)))
    with zipfile.ZipFile(built.path) as archive:
        names = archive.namelist()
    ours = {name for name in names if name.endswith(f".{sys.implementation.cache_tag}.pyc")}
    theirs = {name for name in names if name.endswith(".cpython-999.pyc")}
    assert len(ours) == len(theirs) > 0, "each interpreter finds its own"
    assert not verify_release(built.path).problems


class TestVerify:
    """`verify` names what was changed."""

    def tampered(self, small: Served, path: Path, change: dict[str, bytes | None]) -> str:
        with zipfile.ZipFile(small.built.path) as source, zipfile.ZipFile(path, "w") as target:
            for name in {*source.namelist(), *change}:
                data = change[name] if name in change else source.read(name)
                if data is not None:
                    target.writestr(name, data)
        return "; ".join(verify_release(path).problems)

    def test_a_whole_release_has_no_problems(self, small: Served) -> None:
        verified = verify_release(small.built.path)
        assert (verified.problems, verified.answers_checked) == ((), True)

    def test_a_changed_a_missing_and_a_strange_file_are_named(
        self, small: Served, tmp_path: Path
    ) -> None:
        changes: dict[str, bytes | None] = {
            "model/arrays.bin": b"changed",
            "golden.json": None,
            "json.py": b"import os",
        }
        problems = self.tampered(small, tmp_path / "bad.zip", changes)
        assert "model/arrays.bin is not the file that the manifest pins" in problems
        assert "golden.json is missing" in problems
        assert "json.py is not in the manifest" in problems

    def test_wrong_answers_are_found_even_where_every_digest_is_right(
        self, small: Served, tmp_path: Path
    ) -> None:
        golden = (small.root / "golden.json").read_bytes().replace(b"stays", b"goes!")
        facts = json.loads((small.root / "manifest.json").read_bytes())
        facts["files"]["golden.json"] = sha256(golden).hexdigest()
        changes: dict[str, bytes | None] = {
            "golden.json": golden,
            "manifest.json": json.dumps(facts).encode(),
        }
        assert "golden[0]" in self.tampered(small, tmp_path / "bad.zip", changes)

    @pytest.mark.parametrize("content", [None, b"not a zip", b"PK\x05\x06" + bytes(18)])
    def test_what_is_no_release_is_refused_by_name(
        self, content: bytes | None, tmp_path: Path
    ) -> None:
        path = tmp_path / "strange.zip"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ReleaseError, match=r"strange\.zip"):
            verify_release(path)
