"""`/health/ready` finds what is planted, names it, and never fails to answer."""

from __future__ import annotations

import contextlib
import io
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from inference.serving import release as serving_release
from inference.serving.readiness import same_answer
from tests.unit.inference.served import GOOD_ROW, Served, body_of

if TYPE_CHECKING:
    from pathlib import Path


def ready(served: Served, **environ: str) -> tuple[int, dict[str, Any]]:
    reply = served.open(**environ).get("/health/ready")
    return reply["statusCode"], body_of(reply)


def failures(served: Served, **environ: str) -> str:
    """What the log says is wrong; the reply says nothing of it."""
    client = served.open(**environ)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        reply = client.get("/health/ready")
    assert reply["statusCode"] == 503, "what is wrong must take the endpoint out"
    assert reply["body"] == '{"ready":false}', "and is nobody's business"
    return json.dumps(json.loads(said.getvalue())["failures"])


def test_a_whole_release_is_ready_in_the_words_the_check_looks_for(small: Served) -> None:
    reply = small.open(AWS_REGION="us-west-2").get("/health/ready")
    assert reply["statusCode"] == 200
    assert reply["body"].startswith('{"ready":true'), "Route 53 searches for this string"
    assert len(reply["body"]) < 5120, "and only in the first 5,120 bytes"
    assert reply["body"] == '{"ready":true}', "no digest, no Region, no runtime"
    assert not any("understudy" in name for name in reply["headers"]), "nor in a header"


def test_the_words_of_health_never_appear_in_an_unready_reply(own: Served) -> None:
    (own.root / "golden.json").unlink()
    reply = own.open().get("/health/ready")
    assert reply["body"].startswith('{"ready":false')
    assert '"ready":true' not in reply["body"], "a string match must not find it anywhere"


@pytest.mark.parametrize(
    "name", ["model/arrays.bin", "model/structure.json", "golden.json", "inference/serving/http.py"]
)
@pytest.mark.parametrize("how", ["flip", "cut", "remove"])
def test_a_damaged_file_is_named(own: Served, name: str, how: str) -> None:
    path = own.root / name
    data = bytearray(path.read_bytes())
    if how == "remove":
        path.unlink()
    else:
        data[len(data) // 2] ^= 1
        path.write_bytes(data if how == "flip" else data[: len(data) // 2])
    assert name in failures(own), "the failure must say which file"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_a_damaged_manifest_still_answers(own: Served, content: bytes) -> None:
    (own.root / "manifest.json").write_bytes(content)
    failures(own)
    client = own.open()
    assert client.get("/health/live")["statusCode"] == 200, "the process lives"
    reply = client.predict({"rows": [GOOD_ROW]})
    assert reply["statusCode"] == 503, "but it must not predict"


def test_a_file_that_changes_while_it_is_served_is_noticed(own: Served) -> None:
    client = own.open()
    assert client.get("/health/ready")["statusCode"] == 200
    path = own.root / "model" / "structure.json"
    path.write_bytes(path.read_bytes() + b" ")
    assert client.get("/health/ready")["statusCode"] == 503, "digests are not kept for ever"


def test_digests_are_read_once_while_nothing_changes(
    own: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = serving_release.file_digest
    monkeypatch.setattr(
        serving_release, "file_digest", lambda path: (read.append(path), real(path))[1]
    )
    client = own.open()
    assert not read, "opening a release hashes nothing: a cold start must not wait for it"
    for _ in range(3):
        client.get("/health/ready")
    files = len(json.loads((own.root / "manifest.json").read_bytes())["files"])
    assert len(read) == files, "sixteen checkers ask several times a second"


def test_another_release_than_the_one_deployed_is_not_ready(small: Served) -> None:
    digest = small.built.release_digest
    assert ready(small, UNDERSTUDY_RELEASE_DIGEST=digest)[0] == 200
    assert ready(small, UNDERSTUDY_RELEASE_DIGEST="")[0] == 200, "unset means any"
    found = failures(small, UNDERSTUDY_RELEASE_DIGEST="0" * 64)
    assert digest in found, "it says which one it is"
    assert "0" * 64 in found, "and which one was deployed"


def test_a_wrong_golden_answer_is_found_behind_right_digests(own: Served) -> None:
    golden = own.root / "golden.json"
    golden.write_bytes(golden.read_bytes().replace(b"stays", b"goes!"))
    manifest = own.root / "manifest.json"
    facts = json.loads(manifest.read_bytes())
    facts["files"]["golden.json"] = serving_release.file_digest(str(golden))
    manifest.write_text(json.dumps(facts), encoding="ascii")
    assert "golden[0]" in failures(own), "the answers themselves are checked"


def test_a_model_that_changes_in_memory_is_found(small: Served) -> None:
    client = small.open()
    predictor = client.service._predictor
    scores = predictor.scores
    predictor.scores = lambda row: [score + 1e-6 for score in scores(row)]
    assert client.get("/health/ready")["statusCode"] == 503, "golden answers are not cached"


def test_readiness_needs_nothing_but_the_package(small: Served, tmp_path: Path) -> None:
    before = os.getcwd()  # noqa: PTH109 (chdir takes text)
    os.chdir(tmp_path)
    try:
        assert ready(small)[0] == 200, "paths are those of the package, not of the process"
    finally:
        os.chdir(before)


def test_answers_are_the_same_to_the_last_place_of_an_exponential() -> None:
    answer = {"label": "a", "probabilities": {"a": 0.75, "b": 0.25}}
    near = {"label": "a", "probabilities": {"a": 0.75 + 1e-15, "b": 0.25}}
    far = {"label": "a", "probabilities": {"a": 0.75 + 1e-9, "b": 0.25}}
    assert same_answer([answer], [near])
    assert not same_answer([answer], [far])
    assert not same_answer([answer], [answer, answer])
    assert not same_answer([answer], [{**answer, "label": "b"}])
    assert not same_answer(1.0, "1.0")
