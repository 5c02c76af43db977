"""What is kept of moto's look-ups is what moto would find again."""

from __future__ import annotations

import boto3
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from emulator.door.dispatch import Dispatcher

HOSTS = ["s3.us-east-1.amazonaws.com", "monitoring.eu-west-1.amazonaws.com", "dynamodb", None]


@pytest.mark.parametrize("host", HOSTS)
def test_the_dispatcher_finds_what_motos_own_finds(host: str | None) -> None:
    stock, ours = DomainDispatcherApplication(create_backend_app), Dispatcher()
    found = [ours.get_backend_for_host(host) for _ in range(2)]
    assert found == [stock.get_backend_for_host(host)] * 2


def test_a_host_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str | None] = []
    monkeypatch.setattr(
        DomainDispatcherApplication, "get_backend_for_host", lambda _, host: looked.append(host)
    )
    ours = Dispatcher()
    for _ in range(3):
        ours.get_backend_for_host("s3.us-east-1.amazonaws.com")
    assert looked == ["s3.us-east-1.amazonaws.com"]


def test_sessions_share_what_they_read_of_botocores_models() -> None:
    """`botocore_model.share` is on in these tests, as in the emulator."""
    first, second = (boto3.Session()._session.get_service_data("ssm") for _ in range(2))
    assert first is second
