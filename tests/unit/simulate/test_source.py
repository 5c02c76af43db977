"""Where a topology comes from: files, a deployed stack, and the cache of an emulated one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from topologies import topology

from resilience.progress import Progress
from resilience.rehearsal.options import Options
from resilience.simulate import source
from resilience.simulate.lasting_names import with_lasting_names
from resilience.simulate.source import (
    SourceError,
    from_deployed,
    from_emulated,
    from_snapshot,
    program_digest,
    save_snapshot,
)
from resilience.topology import Topology, digest, from_json, to_json


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: x\n")
    (tmp_path / "Pulumi.staging.yaml").write_text("config: {}\n")
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "health.py").write_text("threshold = 3\n")
    return tmp_path


def options(project: Path, **changed: object) -> Options:
    asked = Options(
        stack="staging",
        project_dir=project,
        config_file=None,
        release=None,
        scenario=None,
        speed=1.0,
        seed=0,
        rate_per_s=1.0,
        out=Path(),
    )
    return replace(asked, **changed)  # type: ignore[arg-type]


def test_a_snapshot_reads_back_as_it_was_saved(tmp_path: Path) -> None:
    save_snapshot(topology(3), tmp_path / "new" / "prod.json")
    assert from_snapshot(tmp_path / "new" / "prod.json") == topology(3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "holds no topology"),
        ("[]", "holds no topology"),
        ('{"project": "x"}', "expected a file that --save-snapshot wrote"),
        (to_json(replace(topology(), records=topology().records[:3])), "lead to us-east-1"),
    ],
)
def test_a_file_that_is_no_snapshot_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(SourceError, match=said):
        from_snapshot(tmp_path / "x.json")


def test_a_snapshot_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="cannot be written"):
        save_snapshot(topology(), tmp_path / "file" / "x.json")


def test_a_second_run_takes_the_topology_from_the_cache_until_the_program_changes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploys: list[Options] = []

    def deploy(asked: Options, _: Progress) -> Topology:
        deploys.append(asked)
        return topology()

    monkeypatch.setattr(source, "_deployed_into_emulator", deploy)
    with Progress() as progress:
        first = from_emulated(options(project), progress, fresh=False)
        assert from_emulated(options(project), progress, fresh=False) == first
        assert len(deploys) == 1, "the second run needs no deploy"
        from_emulated(options(project), progress, fresh=True)
        assert len(deploys) == 2, "--fresh deploys again"
        (project / "infra" / "health.py").write_text("threshold = 10\n")
        from_emulated(options(project), progress, fresh=False)
        assert len(deploys) == 3, "another program is another stack"
        next((project / "build" / "simulate").glob("*.json")).write_text("{")
        for kept in (project / "build" / "simulate").glob("*.json"):
            kept.write_text("{")
        from_emulated(options(project), progress, fresh=False)
        assert len(deploys) == 4, "a spoilt cache is made again"


def test_the_cache_knows_the_settings_file_and_the_release(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("config: {a: 1}\n")
    first = program_digest(options(project))
    assert program_digest(options(project)) == first
    with_file = program_digest(options(project, config_file=other))
    other.write_text("config: {a: 2}\n")
    assert len({first, with_file, program_digest(options(project, config_file=other))}) == 3


def test_what_a_deploy_does_not_read_changes_no_digest(project: Path) -> None:
    first = program_digest(options(project))
    for folder in ("docs", "tests", "reports", "build", ".venv", "simulator"):
        (project / folder).mkdir(exist_ok=True)
        (project / folder / "x.py").write_text("1")
    assert program_digest(options(project)) == first


def test_a_deployed_stack_without_outputs_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match=r"Pulumi CLI .* --outputs outputs\.json"):
        from_deployed(tmp_path, "prod", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [("no json", "is no JSON"), ("[1]", "holds list"), ("{}", "not Understudy's")],
)
def test_outputs_that_are_none_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "outputs.json").write_text(text)
    with pytest.raises(SourceError, match=said):
        from_deployed(tmp_path, "prod", tmp_path / "outputs.json")


def test_a_deployed_stack_is_read_by_its_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "parse_outputs", lambda found: found)
    monkeypatch.setattr(source, "read_topology", lambda _, found: replace(topology(), **found))
    (tmp_path / "outputs.json").write_text('{"stack": "prod"}')
    assert from_deployed(tmp_path, "prod", tmp_path / "outputs.json").stack == "prod"
    with pytest.raises(SourceError, match="outputs of stack prod: expected those of staging"):
        from_deployed(tmp_path, "staging", tmp_path / "outputs.json")


def renamed(text: str) -> Topology:
    """The same stack from another deploy: what an account names at random has other names."""
    found = from_json(text)
    ids = {check.id for check in found.joint_checks}
    for region in found.regions:
        ids |= {region.deep_check.id, region.serving_check.id}
        ids |= {watch.check.id for watch in region.watches}
    for place, each in enumerate(sorted(ids, reverse=True)):
        text = text.replace(f'"{each}"', f'"{place:04x}-random"')
    data = json.loads(text)
    data["joint_checks"].sort(key=lambda check: check["id"])
    return from_json(json.dumps(data))


def test_two_deploys_of_one_program_are_one_topology() -> None:
    one, other = topology(3), renamed(to_json(topology(3)))
    assert digest(one) != digest(other)
    assert digest(with_lasting_names(one)) == digest(with_lasting_names(other))


def test_lasting_names_change_nothing_that_is_not_a_name() -> None:
    one, named = topology(3), with_lasting_names(topology(3))
    assert named.timing == one.timing
    assert [r.region for r in named.order] == [r.region for r in one.order]
    for before, after in zip(one.regions, named.regions, strict=True):
        assert replace(after.deep_check, id=before.deep_check.id) == before.deep_check
        assert after.deep_check.id in after.serving_check.children
