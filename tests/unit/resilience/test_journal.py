"""A journal holds everything its figures were computed from, and comes back as it went."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import broken, evidence, journal

from resilience.journal import (
    JournalError,
    ProbeTable,
    commit_of,
    digest_of,
    read_journal,
    write_atomically,
    write_journal,
)
from resilience.measurement import measure
from resilience.records import Connection, Outcome, Probe

if TYPE_CHECKING:
    from pathlib import Path

texts = st.one_of(st.none(), st.text(max_size=5))
probes = st.lists(
    st.builds(
        Probe,
        scheduled_s=st.floats(0, 1e6),
        client=st.integers(0, 100),
        connection=st.sampled_from(Connection),
        outcome=st.sampled_from(Outcome),
        latency_s=st.floats(0, 1e3),
        address=texts,
        region=texts,
        release=texts,
        status=st.one_of(st.none(), st.integers(100, 599)),
    ),
    max_size=20,
)


@given(probes)
def test_probes_come_back_from_their_columns_as_they_went(written: list[Probe]) -> None:
    table = ProbeTable.model_validate_json(ProbeTable.pack(tuple(written)).model_dump_json())
    assert table.unpack() == tuple(written)


def test_a_journal_comes_back_as_it_went(tmp_path: Path) -> None:
    for written in (journal(), broken()):
        write_journal(written, tmp_path / "deep" / "journal.json")
        read = read_journal(tmp_path / "deep" / "journal.json")
        digest = None if written.raw is None else digest_of(written.raw)
        assert read == written.model_copy(update={"raw_digest": digest})


def test_every_figure_can_be_computed_again_from_the_journal(tmp_path: Path) -> None:
    write_journal(journal(), tmp_path / "journal.json")
    read = read_journal(tmp_path / "journal.json")
    assert read.raw is not None
    assert read.raw.unpack() == evidence()
    assert measure(read.raw.unpack()) == read.measurements


def test_probes_are_stored_in_few_bytes() -> None:
    table = ProbeTable.pack(evidence().probes)
    assert len(table.model_dump_json()) < 50 * len(evidence().probes)


def test_the_summary_leaves_the_bulk_out() -> None:
    summary = journal().summary()
    assert {"raw", "timeline", "topology"}.isdisjoint(summary)
    assert len(json.dumps(summary)) < 10_000


def test_what_was_missed_is_named() -> None:
    assert journal().missed() == []
    assert journal(outage_s=75).missed() == ["rto_s", "availability"]
    assert broken().missed() == [], "a broken run is neither a pass nor a miss"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 2}', "no json"])
def test_what_is_no_journal_is_refused_by_its_path(tmp_path: Path, content: str) -> None:
    path = tmp_path / "journal.json"
    path.write_text(content)
    with pytest.raises(JournalError, match=r"journal\.json"):
        read_journal(path)


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, "old")
    descriptor = os.open(path, os.O_RDONLY)
    try:
        write_atomically(path, "new")
        assert os.read(descriptor, 10) == b"old", "an open file is replaced, not rewritten"
    finally:
        os.close(descriptor)
    assert path.read_text() == "new"
    assert [each.name for each in tmp_path.iterdir()] == ["file"], "nothing is left beside it"


def test_outside_git_there_is_no_commit(tmp_path: Path) -> None:
    assert commit_of(tmp_path) is None
