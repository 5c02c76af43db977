"""Route 53's choice of records, for each routing policy and each combination of health."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import pytest

from emulator.dataplane.dns_answers import Answer, Answers
from emulator.store.names import AliasTarget, Record, Zone

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "www.example.com."
ALB = "alb-1.us-east-1.elb.amazonaws.com."
SOA = Record(
    name="example.com.",
    type="SOA",
    ttl_s=900,
    values=("ns. hostmaster. 1 7200 900 1209600 86400",),
)


@dataclass
class Around:
    """Health as a test sets it; what is not named is healthy."""

    sick: set[str] = field(default_factory=set)
    balancers: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {ALB: ("127.42.10.1", "127.42.10.2")}
    )

    def check_healthy(self, check_id: str) -> bool:
        return check_id not in self.sick

    def balancer_addresses(self, name: str) -> tuple[str, ...] | None:
        return self.balancers.get(name)

    def balancer_healthy(self, name: str) -> bool:
        return name not in self.sick


def a(value: str, *, name: str = NAME, check: str | None = None, **more: object) -> Record:
    return Record(name=name, type="A", ttl_s=30, values=(value,), health_check_id=check, **more)  # pyright: ignore[reportArgumentType]


def alias(target: str, *, name: str = NAME, evaluate: bool = True, **more: object) -> Record:
    to = AliasTarget(name=target, evaluate_target_health=evaluate)
    return Record(name=name, type="A", ttl_s=0, values=(), alias=to, **more)  # pyright: ignore[reportArgumentType]


def cname(value: str, *, name: str = NAME, check: str | None = None, **more: object) -> Record:
    return Record(name=name, type="CNAME", ttl_s=10, values=(value,), health_check_id=check, **more)  # pyright: ignore[reportArgumentType]


def ask(
    *records: Record,
    sick: set[str] | None = None,
    name: str = NAME,
    kind: str = "A",
    draw: float | Random = 0.0,
    place: str = "us-east-1",
) -> Answer:
    zone = Zone(id="Z", name="example.com.", records=(SOA, *records))
    chance = draw.random if isinstance(draw, Random) else lambda: draw
    around = Around(sick=sick or set())
    return Answers([zone], around, draw=chance, place=place).answer(name, kind)


def values(answer: Answer) -> tuple[str, ...]:
    assert answer.status == "NOERROR"
    return answer.sets[-1].values if answer.sets else ()


def test_a_simple_record_answers_with_its_own_ttl_and_every_value() -> None:
    record = Record(name=NAME, type="A", ttl_s=30, values=("1.1.1.1", "2.2.2.2"))
    found = ask(record).sets
    assert [(each.type, each.ttl_s, set(each.values)) for each in found] == [
        ("A", 30, {"1.1.1.1", "2.2.2.2"})
    ]


@pytest.mark.parametrize("evaluate", [True, False])
def test_an_alias_to_a_load_balancer_has_its_addresses_and_sixty_seconds(evaluate: bool) -> None:  # noqa: FBT001  # a case of the table
    found = ask(alias(ALB, evaluate=evaluate)).sets
    assert [(each.name, each.type, each.ttl_s, each.values) for each in found] == [
        (NAME, "A", 60, ("127.42.10.1", "127.42.10.2"))
    ]


def test_dualstack_before_a_load_balancers_name_means_the_same() -> None:
    assert values(ask(alias(f"dualstack.{ALB}"))) == ("127.42.10.1", "127.42.10.2")


def test_an_alias_to_a_record_answers_under_its_own_name_with_the_records_ttl() -> None:
    found = ask(alias("other.example.com."), a("1.1.1.1", name="other.example.com.")).sets
    assert [(each.name, each.ttl_s, each.values) for each in found] == [(NAME, 30, ("1.1.1.1",))]


FAILOVER = [
    # primary, secondary, the one that answers
    (True, True, "primary"),
    (True, False, "primary"),
    (False, True, "secondary"),
    (False, False, "primary"),
]


@pytest.mark.parametrize(("primary", "secondary", "answers"), FAILOVER)
def test_failover_answers_the_secondary_only_while_it_alone_is_healthy(
    primary: bool,  # noqa: FBT001  # a row of the table
    secondary: bool,  # noqa: FBT001
    answers: str,
) -> None:
    sick = {name for name, well in (("p", primary), ("s", secondary)) if not well}
    records = (
        a("2.2.2.2", check="s", failover="SECONDARY", set_identifier="s"),
        a("1.1.1.1", check="p", failover="PRIMARY", set_identifier="p"),
    )
    assert values(ask(*records, sick=sick)) == (
        ("1.1.1.1",) if answers == "primary" else ("2.2.2.2",)
    )


def test_a_secondary_without_a_check_answers_whenever_the_primary_is_sick() -> None:
    records = (
        a("1.1.1.1", check="p", failover="PRIMARY", set_identifier="p"),
        a("2.2.2.2", failover="SECONDARY", set_identifier="s"),
    )
    assert values(ask(*records, sick={"p"})) == ("2.2.2.2",)


@pytest.mark.parametrize(("primary", "secondary", "answers"), FAILOVER)
def test_failover_cnames_are_followed_to_the_load_balancer(
    primary: bool,  # noqa: FBT001  # a row of the table
    secondary: bool,  # noqa: FBT001
    answers: str,
) -> None:
    sick = {name for name, well in (("p", primary), ("s", secondary)) if not well}
    records = (
        cname("one.example.com", check="p", failover="PRIMARY", set_identifier="p"),
        cname("two.example.com", check="s", failover="SECONDARY", set_identifier="s"),
        alias(ALB, name="one.example.com."),
        a("2.2.2.2", name="two.example.com."),
    )
    found = ask(*records, sick=sick).sets
    first, ttl_s = ("one", 60) if answers == "primary" else ("two", 30)
    assert [(each.name, each.type, each.ttl_s) for each in found] == [
        (NAME, "CNAME", 10),
        (f"{first}.example.com.", "A", ttl_s),
    ]


def nested(sick: set[str]) -> tuple[str, ...]:
    """Failover over three Regions: the secondary is itself an alias to a failover pair."""
    below = "rest.example.com."
    return values(
        ask(
            a("1.1.1.1", check="one", failover="PRIMARY", set_identifier="1"),
            alias(below, failover="SECONDARY", set_identifier="rest"),
            a("2.2.2.2", name=below, check="two", failover="PRIMARY", set_identifier="2"),
            a("3.3.3.3", name=below, check="three", failover="SECONDARY", set_identifier="3"),
            sick=sick,
        )
    )


@pytest.mark.parametrize(
    ("sick", "answers"),
    [
        (set(), "1.1.1.1"),
        ({"one"}, "2.2.2.2"),
        ({"one", "two"}, "3.3.3.3"),
        ({"one", "three"}, "2.2.2.2"),
        ({"two", "three"}, "1.1.1.1"),
        ({"one", "two", "three"}, "1.1.1.1"),
    ],
)
def test_nested_failover_takes_the_first_healthy_branch(sick: set[str], answers: str) -> None:
    assert nested(sick) == (answers,)


@pytest.mark.parametrize(
    ("evaluate", "check", "sick", "answers"),
    [
        (True, None, set(), "alias"),
        (True, None, {ALB}, "other"),
        (False, None, {ALB}, "alias"),
        (True, "c", {"c"}, "other"),
        (False, "c", {"c"}, "other"),
        (True, "c", {ALB}, "other"),
    ],
)
def test_an_alias_is_healthy_by_its_check_and_by_its_target_if_it_evaluates_it(
    evaluate: bool,  # noqa: FBT001  # a row of the table
    check: str | None,
    sick: set[str],
    answers: str,
) -> None:
    records = (
        alias(
            ALB, evaluate=evaluate, health_check_id=check, failover="PRIMARY", set_identifier="1"
        ),
        a("2.2.2.2", failover="SECONDARY", set_identifier="2"),
    )
    assert (values(ask(*records, sick=sick)) == ("2.2.2.2",)) == (answers == "other")


def weighted(sick: set[str], *weights: int) -> Counter[str]:
    records = [
        a(f"{n}.0.0.0", check=str(n), weight=weight, set_identifier=str(n))
        for n, weight in enumerate(weights, start=1)
    ]
    chance = Random(1)  # noqa: S311  # draws of a test
    return Counter(
        values(ask(*records, sick=sick, draw=chance))[0].partition(".")[0] for _ in range(1000)
    )


def test_weighted_records_share_by_weight() -> None:
    shares = weighted(set(), 1, 3)
    assert 200 < shares["1"] < 300, "weight 1 of 4 gets a quarter"


def test_a_sick_weighted_record_gives_its_share_to_the_others() -> None:
    assert set(weighted({"2"}, 1, 3, 1)) == {"1", "3"}


def test_weight_zero_answers_only_when_no_other_record_is_healthy() -> None:
    assert set(weighted(set(), 0, 5)) == {"2"}
    assert set(weighted({"2"}, 0, 5)) == {"1"}


def test_when_no_weighted_record_is_healthy_all_are() -> None:
    assert set(weighted({"1", "2", "3"}, 0, 5, 5)) == {"2", "3"}


def test_records_of_weight_zero_alone_share_evenly() -> None:
    shares = weighted(set(), 0, 0)
    assert 400 < shares["1"] < 600


@pytest.mark.parametrize(
    ("sick", "answers"),
    [
        (set(), "east"),
        ({"east"}, "west"),
        ({"east", "west"}, "south"),
        ({"west"}, "east"),
        ({"east", "west", "south"}, "east"),
    ],
)
def test_latency_answers_the_nearest_healthy_region(sick: set[str], answers: str) -> None:
    records = [
        a(f"{n}.0.0.0", check=check, region=region, set_identifier=region)
        for n, (check, region) in enumerate(
            [("south", "sa-east-1"), ("west", "us-west-2"), ("east", "us-east-1")]
        )
    ]
    wanted = {"south": "0.0.0.0", "west": "1.0.0.0", "east": "2.0.0.0"}[answers]  # noqa: S104  # a record's value
    assert values(ask(*records, sick=sick, place="us-east-2")) == (wanted,)


def test_multi_value_answers_up_to_eight_healthy_values() -> None:
    records = [
        a(f"{n}.0.0.0", check=str(n), multi_value=True, set_identifier=str(n)) for n in range(12)
    ]
    assert len(values(ask(*records))) == 8
    sick = {str(n) for n in range(9)}
    assert set(values(ask(*records, sick=sick))) == {"9.0.0.0", "10.0.0.0", "11.0.0.0"}
    everyone = {str(n) for n in range(12)}
    assert len(values(ask(*records, sick=everyone))) == 8, "no record healthy: as if all were"


@pytest.mark.parametrize(
    ("name", "kind", "status"),
    [
        ("nothing.example.com.", "A", "NXDOMAIN"),
        (NAME, "AAAA", "NOERROR"),
        (NAME, "TXT", "NOERROR"),
        ("example.com.", "A", "NOERROR"),
        ("example.org.", "A", "REFUSED"),
        ("com.", "A", "REFUSED"),
        ("unknown-1.us-east-1.elb.amazonaws.com.", "A", "REFUSED"),
    ],
)
def test_a_name_that_is_not_there_differs_from_a_type_that_is_not(
    name: str, kind: str, status: str
) -> None:
    answer = ask(a("1.1.1.1"), name=name, kind=kind)
    assert (answer.status, answer.sets) == (status, ())


def test_a_name_with_names_below_it_exists() -> None:
    answer = ask(a("1.1.1.1", name="deep.down.example.com."), name="down.example.com.")
    assert answer.status == "NOERROR", "an empty non-terminal is no NXDOMAIN (RFC 8020)"


def test_a_wildcard_answers_for_names_that_have_no_records_of_their_own() -> None:
    records = (a("1.1.1.1", name="*.example.com."), a("2.2.2.2"))
    assert values(ask(*records, name="x.y.example.com.")) == ("1.1.1.1",)
    assert values(ask(*records)) == ("2.2.2.2",)


def test_load_balancers_own_names_resolve_with_sixty_seconds_and_have_no_ipv6() -> None:
    assert ask(name=ALB).sets[0].ttl_s == 60
    assert values(ask(name=ALB, kind="AAAA")) == ()


def test_a_cname_out_of_every_zone_is_answered_as_far_as_it_goes() -> None:
    answer = ask(cname("www.example.org"))
    assert (answer.status, answer.sets[0].values) == ("NOERROR", ("www.example.org",))


def test_a_cname_to_a_name_that_is_not_there_is_nxdomain_with_the_chain() -> None:
    answer = ask(cname("gone.example.com"))
    assert (answer.status, len(answer.sets)) == ("NXDOMAIN", 1)


def test_asking_for_the_cname_itself_does_not_follow_it() -> None:
    answer = ask(cname("gone.example.com"), kind="CNAME")
    assert (answer.status, answer.sets[0].values) == ("NOERROR", ("gone.example.com",))


@pytest.mark.parametrize(
    "records",
    [
        (cname("two.example.com"), cname("www.example.com", name="two.example.com.")),
        (alias("two.example.com."), alias(NAME, name="two.example.com.")),
    ],
)
def test_a_loop_ends_in_servfail(records: tuple[Record, ...]) -> None:
    assert ask(*records).status == "SERVFAIL"


def all_health(*names: str) -> Iterator[set[str]]:
    for count in range(len(names) + 1):
        yield from map(set, itertools.combinations(names, count))


@pytest.mark.parametrize("sick", list(all_health("one", "two", "three")), ids=sorted)
def test_a_sick_record_never_answers_while_a_healthy_one_could(sick: set[str]) -> None:
    """Over every combination of health, with nested failover (the invariant of the table)."""
    healthy = {"one": "1.1.1.1", "two": "2.2.2.2", "three": "3.3.3.3"}
    answer = nested(sick)[0]
    well = {value for name, value in healthy.items() if name not in sick}
    assert answer in (well or set(healthy.values()))
