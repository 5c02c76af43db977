"""Every experiment is one that Chaos Toolkit's library accepts; so is every drill's journal."""

from __future__ import annotations

import json

import pytest
from chaoslib.exceptions import InvalidActivity
from chaoslib.experiment import ensure_experiment_is_valid
from hand_world import HandWorld, ground
from playing import play, stepper

from resilience.experiments import chaos
from resilience.experiments.catalogue import CATALOGUE


@pytest.mark.parametrize("name", CATALOGUE)
def test_chaos_toolkit_accepts_every_experiment(name: str) -> None:
    each = CATALOGUE[name]
    ensure_experiment_is_valid(chaos.experiment(ground(), each, each.options({})))


def test_chaos_toolkit_refuses_an_experiment_whose_action_is_not_there() -> None:
    each = CATALOGUE["region-loss"]
    written = chaos.experiment(ground(), each, each.options({}))
    written["method"][0]["provider"]["func"] = "no_such_action"
    with pytest.raises(InvalidActivity):
        ensure_experiment_is_valid(written)


def test_a_journal_is_plain_json_and_holds_the_experiment_it_is_of() -> None:
    world = HandWorld()
    drill = play(stepper(world), "bad-model")
    written = json.loads(json.dumps(chaos.journal(ground(), CATALOGUE["bad-model"], drill)))
    ensure_experiment_is_valid(written["experiment"])
    assert written["status"] == "completed"
    assert written["deviated"] is False
    assert written["steady_states"]["before"]["steady_state_met"] is True
    assert written["steady_states"]["after"]["steady_state_met"] is True
    assert len(written["run"]) == len(written["rollbacks"]) == 1
