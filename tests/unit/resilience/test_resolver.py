"""The stub resolver keeps an answer for its TTL, and not a moment longer."""

from __future__ import annotations

import asyncio

import pytest
from servers import NAME, name_server

from resilience.resolver import CachingResolver, NameServer, ResolutionError


class Hand:
    """A clock turned by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_is_kept_for_its_ttl_and_then_asked_for_again() -> None:
    async def run() -> None:
        answers = {NAME: ("A", ["127.0.0.2"], 10)}
        async with name_server(answers) as (names, address):
            clock = Hand()
            resolver = CachingResolver(NameServer(address, timeout_s=2), clock)
            assert (await resolver.resolve(NAME)).addresses == ("127.0.0.2",)
            answers[NAME] = ("A", ["127.0.0.3"], 10)
            clock.now += 9.999
            assert (await resolver.resolve(NAME)).addresses == ("127.0.0.2",), "TTL not over"
            clock.now += 0.001
            assert (await resolver.resolve(NAME)).addresses == ("127.0.0.3",), "TTL over"
            assert names.asked == 2

    asyncio.run(run())


def test_the_shortest_ttl_on_the_way_counts() -> None:
    async def run() -> None:
        answers = {
            NAME: ("CNAME", ["lb.test.example."], 10),
            "lb.test.example": ("A", ["127.0.0.2"], 60),
        }
        async with name_server(answers) as (_, address):
            answer = await NameServer(address, timeout_s=2).resolve(NAME)
            assert (answer.addresses, answer.ttl_s) == (("127.0.0.2",), 10)

    asyncio.run(run())


def test_the_first_answer_may_have_been_held_by_a_resolver_before() -> None:
    async def run() -> None:
        async with name_server({NAME: ("A", ["127.0.0.2"], 10)}) as (names, address):
            clock = Hand()
            resolver = CachingResolver(
                NameServer(address, timeout_s=2), clock, first_life_ratio=0.3
            )
            for step_s, asked in ((0, 1), (2.9, 1), (0.2, 2), (9.9, 2), (0.2, 3)):
                clock.now += step_s
                await resolver.resolve(NAME)
                assert names.asked == asked

    asyncio.run(run())


@pytest.mark.parametrize(
    "answers", [{}, {NAME: ("CNAME", ["nowhere.example."], 10)}], ids=["no answer", "dead end"]
)
def test_a_name_without_address_is_an_error_that_names_it(
    answers: dict[str, tuple[str, list[str], int]],
) -> None:
    async def run() -> None:
        async with name_server(answers) as (_, address):
            with pytest.raises(ResolutionError, match=NAME):
                await NameServer(address, timeout_s=2).resolve(NAME)

    asyncio.run(run())


def test_a_dead_name_server_is_an_error_in_time() -> None:
    async def run() -> None:
        async with name_server({}) as (_, address):
            pass
        with pytest.raises(ResolutionError, match=NAME):
            await NameServer(address, timeout_s=0.3).resolve(NAME)

    asyncio.run(run())


def test_a_client_says_where_it_is_only_if_it_is_somewhere() -> None:
    async def run() -> None:
        async with name_server({NAME: ("A", ["127.0.0.1"], 1)}) as (names, address):
            await NameServer(address, timeout_s=1).resolve(NAME)
            assert names.subnets == []
            near = NameServer(address, timeout_s=1, client_subnet="198.18.3.0/24")
            await near.resolve(NAME)
            assert names.subnets == ["198.18.3.0/24"]

    asyncio.run(run())
