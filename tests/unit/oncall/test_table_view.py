"""The table is read as each Region has it, and put together by what was written last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from topologies import topology

from resilience import intents
from resilience.failover import Brain, Claim, Epoch, IntentKind, Phase, Watch
from resilience.functions.observer_memory import Memory, intent_item, item_of
from resilience.oncall.merge import epoch_of, is_done, merge
from resilience.oncall.table_view import TableView, read_table

if TYPE_CHECKING:
    from resilience.aws import Aws

EAST, WEST = "us-east-1", "us-west-2"
NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)
STACK = topology(2)


class Table:
    """Answers queries of one partition, dated by its own clock."""

    def __init__(self, *items: dict[str, Any], at: datetime = NOON) -> None:
        self.items, self.at = items, at

    def call(self, _service: str, operation: str, **asked: Any) -> Any:
        assert operation == "query", "reads only"
        partition = asked["ExpressionAttributeValues"][":pk"]["S"]
        date = self.at.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return {
            "Items": [each for each in self.items if each["pk"]["S"] == partition],
            "ResponseMetadata": {"HTTPHeaders": {"date": date}},
        }


def read(*items: dict[str, Any], region: str = WEST) -> TableView:
    return read_table(cast("Aws", Table(*items)), region, "understudy-staging")


def observer(region: str, *, age_s: float, brain: Brain = Brain()) -> dict[str, Any]:  # noqa: B008
    written_at = (NOON - timedelta(seconds=age_s)).isoformat()
    return item_of(
        Memory(brain=brain, since_s=1.0), region, release="a" * 64, written_at=written_at
    )


def word(kind: IntentKind, target: str, *, name: str = "one") -> dict[str, Any]:
    given = intents.word(kind, target, by="ana", reason="INC-7", name=name)
    expires_at_s = int(NOON.timestamp()) + 60
    return intent_item(given, written_at=NOON.isoformat(), expires_at_s=expires_at_s)


def watching(target: str, **changed: Any) -> Brain:
    return Brain(watches={target: Watch(**changed)})


def test_ages_are_told_by_the_clock_of_aws_and_the_newest_copy_counts() -> None:
    east = read(observer(EAST, age_s=2), observer(WEST, age_s=40), region=EAST)
    west = read(observer(EAST, age_s=12), observer(WEST, age_s=4))
    assert (east.age_s(WEST), west.age_s(WEST), west.age_s("x")) == (40, 4, None)
    merged = merge([east, west])
    assert (merged.age_s(EAST), merged.age_s(WEST)) == (2, 4)
    lags = {(lag.source, lag.destination): lag.lag_s for lag in merged.lags}
    assert lags == {(EAST, WEST): 10, (WEST, EAST): 36}


def test_a_region_that_could_not_be_read_has_no_lag_and_no_age_of_its_own() -> None:
    merged = merge([read(observer(EAST, age_s=90), observer(WEST, age_s=4))])
    assert merged.lags == ()
    assert merged.age_s(EAST) == 90, "as old as what replication brought last"
    assert merge([]).age_s(EAST) is None


def test_what_is_garbled_is_told_and_the_rest_is_read() -> None:
    bad = {**observer(EAST, age_s=1), "brain": {"S": "no JSON"}}
    drill = {"pk": {"S": "drill"}, "sk": {"S": "d-1"}, "state": {"S": "["}}
    view = read(
        bad, observer(WEST, age_s=1), {**word(IntentKind.HOLD, EAST), "kind": {"S": "?"}}, drill
    )
    assert list(view.observers) == [WEST]
    assert [each.partition(":")[0] for each in view.garbled] == [
        f"the item of the observer in {EAST}",
        f"the word about {EAST}",
        "the drill d-1",
    ]


def test_a_word_is_done_when_every_observer_has_done_it_or_it_is_so_already() -> None:
    evacuate = word(IntentKind.EVACUATE, EAST)
    for brain, done in (
        (watching(EAST, phase=Phase.SERVING), False),
        (watching(EAST, phase=Phase.LATCHED), False),
        (watching(EAST, phase=Phase.EVACUATED), True),
        (watching(EAST, phase=Phase.SERVING, done="one"), True),
        (watching(EAST, phase=Phase.SERVING, done="another"), False),
    ):
        view = read(observer(WEST, age_s=1, brain=brain), evacuate)
        assert is_done(merge([view]), view.words[0]) is done, brain
    alone = read(
        word(IntentKind.PROMOTE, WEST), observer(WEST, age_s=1, brain=Brain(promoted="one"))
    )
    assert is_done(merge([alone]), alone.words[0])


def test_the_epoch_is_held_while_its_lease_lasts() -> None:
    claim = Claim(number=3, alone=False, deputy=WEST)
    for confirmed_s, held in ((10, True), (61, False)):
        at_s = NOON.timestamp() - confirmed_s
        brain = Brain(epoch=Epoch(claim=claim, confirmed_at_s=at_s))
        found = epoch_of(STACK, merge([read(observer(EAST, age_s=1, brain=brain))]))
        assert found is not None
        assert (found.number, found.holder, found.holds) == (3, EAST, held)
    assert epoch_of(STACK, merge([read(observer(EAST, age_s=1))])) is None


def test_the_newest_drill_is_told_and_the_lock_is_none() -> None:
    def drill(name: str, began_s: int, verdict: str) -> dict[str, Any]:
        state = f'{{"began_s": {began_s}, "experiment": "region-loss", "verdict": "{verdict}"}}'
        return {"pk": {"S": "drill"}, "sk": {"S": name}, "state": {"S": state}}

    lock = {"pk": {"S": "drill"}, "sk": {"S": "lock"}, "holder": {"S": ""}}
    behind = read(lock, drill("d-2", 200, ""))
    merged = merge([behind, read(lock, drill("d-1", 100, "missed"), drill("d-2", 200, "met"))])
    assert merged.last_drill is not None
    assert (merged.last_drill["id"], merged.last_drill["verdict"]) == ("d-2", "met")
    assert merge([read(lock)]).last_drill is None
