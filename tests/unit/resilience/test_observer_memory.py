"""What an observer remembers comes back as it was, or not at all."""

from __future__ import annotations

from dataclasses import fields
from math import inf
from typing import Any

import pytest

from resilience.failover import (
    Ack,
    Brain,
    Claim,
    Epoch,
    Intent,
    IntentKind,
    Phase,
    Reading,
    Watch,
)
from resilience.functions import observer_memory
from resilience.functions.observer_memory import (
    GarbledError,
    Markers,
    Memory,
    intent_item,
    intent_of,
    item_of,
    memory_of,
    version_of,
)

WRITTEN_AT = "2026-11-23T08:00:00+00:00"
MEMORY = Memory(
    version=7,
    run="run",
    since_s=1_800_000_000.25,
    brain=Brain(
        watches={
            "us-east-1": Watch(
                phase=Phase.LATCHED,
                changed_at_s=12.5,
                reading=Reading.TARGET_BAD,
                reading_since_s=3.0,
                observed_at_s=13.0,
                held=True,
                done="one",
                told="why not",
            )
        },
        epoch=Epoch(
            beat=9,
            beats=((8, 1.0), (9, 2.0)),
            claim=Claim(number=2, alone=True, deputy="us-east-1", heir="x", kept=True),
            ack=Ack(number=1, beat=4, heir="y"),
            acked_at_s=5.0,
        ),
        observed_at_s=14.0,
        promoted="two",
    ),
    beats={"us-east-1": (4, 6.0), "eu-west-1": (1, -inf)},
    markers=Markers(sent={"us-east-1": 3}, seen={"us-east-1": 2}, acked={"us-east-1": 1}),
)


def item(**changed: Any) -> dict[str, Any]:
    return {**item_of(MEMORY, "us-west-2", release="r", written_at=WRITTEN_AT), **changed}


@pytest.mark.parametrize("memory", [MEMORY, Memory(since_s=0.0)])
def test_what_is_written_is_read_again(memory: Memory) -> None:
    written = item_of(memory, "us-west-2", release="r", written_at=WRITTEN_AT)
    assert memory_of(written) == memory
    assert written["written_at"] == {"S": WRITTEN_AT}, "restore tests tell age from fault by it"


@pytest.mark.parametrize(
    ("cls", "known"),
    [
        (Watch, observer_memory.WATCH),
        (Claim, observer_memory.CLAIM),
        (Ack, observer_memory.ACK),
        (Epoch, observer_memory.EPOCH),
        (Brain, observer_memory.BRAIN),
        (Markers, observer_memory.MARKERS),
    ],
)
def test_every_field_of_the_brain_is_kept(cls: Any, known: dict[str, Any]) -> None:
    assert {each.name for each in fields(cls)} == set(known), (
        "a field that is not written down is forgotten at every look"
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"brain": {"S": "{"}},
        {"brain": {"S": "[]"}},
        {"brain": {"N": "1"}},
        {"brain": {"S": '{"watches": {"x": {"phase": "asleep"}}}'}},
        {"brain": {"S": '{"watches": {"x": {"held": 1}}}'}},
        {"brain": {"S": '{"watches": {"x": {"changed_at_s": "soon"}}}'}},
        {"brain": {"S": '{"watches": {"x": {"changed_at_s": NaN}}}'}},
        {"brain": {"S": '{"epoch": {"beat": -1}}'}},
        {"brain": {"S": '{"epoch": {"claim": {"number": 1}}}'}},
        {"brain": {"S": '{"epoch": {"beats": [[1]]}}'}},
        {"brain": {"S": '{"epoch": {"beats": 5}}'}},
        {"brain": {"S": '{"mood": "good"}'}},
        {"beats": {"S": '{"x": [1.5, 2]}'}},
        {"markers": {"S": '{"sent": [1]}'}},
        {"version": {"N": "1.5"}},
        {"version": {"N": "many"}},
        {"run": {"N": "1"}},
        {"since": {}},
    ],
)
def test_what_nobody_would_have_written_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(GarbledError):
        memory_of(item(**changed))


def test_what_an_older_release_did_not_write_has_its_default() -> None:
    memory = memory_of(item(brain={"S": '{"watches": {"x": {}}, "epoch": {"beat": 3}}'}))
    assert memory.brain == Brain(watches={"x": Watch()}, epoch=Epoch(beat=3))


def test_a_garbled_item_still_tells_its_version() -> None:
    assert version_of(item(brain={"S": "{"})) == 7
    with pytest.raises(GarbledError):
        version_of(item(version={"S": "7"}))


WORD = Intent(
    id="1", kind=IntentKind.FAILBACK, target="us-east-1", by="me", reason="it is well", forced=True
)


def test_an_operators_word_is_read_until_it_expires() -> None:
    written = intent_item(WORD, written_at=WRITTEN_AT, expires_at_s=100)
    assert intent_of(written, 99.9) == WORD
    assert intent_of(written, 100.0) is None, "a word of long ago is none"


@pytest.mark.parametrize("changed", [{"kind": {"S": "dance"}}, {"id": {}}, {"expires_at": {}}])
def test_a_word_that_is_not_known_is_garbled(changed: dict[str, Any]) -> None:
    written: dict[str, Any] = intent_item(WORD, written_at=WRITTEN_AT, expires_at_s=100)
    with pytest.raises(GarbledError):
        intent_of({**written, **changed}, 0.0)
