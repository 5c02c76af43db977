"""The edge of a deployed production stack: who is answered at which door, and without a zone."""

from __future__ import annotations

import gzip
import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from resilience.identity import ClientAuthority, Issuer, RunningClock
from resilience.stage import Stage
from resilience.topology import Listener, TokenDemand
from tests.contract.edge.callers import CLIENTS, HEALTH, NAME, REGION, Edge, eventually

if TYPE_CHECKING:
    from pathlib import Path

ENDPOINT = "https://identity.understudy.example/.well-known/jwks.json"
ISSUER = "https://identity.understudy.example/"
AUDIENCE = "https://predict.understudy.example"


def issuer(edge: Edge, name: str = ISSUER, *, audience: str = AUDIENCE) -> Issuer:
    from datetime import datetime

    now = datetime.fromisoformat(edge.emulator.status()["emulated_now"])
    clock = RunningClock(then_s=now.timestamp(), speed=edge.emulator.speed)
    return Issuer(name, {"aud": audience}, clock)


@pytest.fixture(scope="module")
def identity(edge: Edge) -> Issuer:
    """The identity provider that the stack trusts, its keys published."""
    made = issuer(edge)
    edge.emulator.publish(ENDPOINT, made.key_set())
    return made


def test_a_right_token_is_let_in_and_reaches_the_target(edge: Edge, identity: Issuer) -> None:
    answer = edge.ask(token=identity.current())
    assert answer.status == 200
    assert answer.seen["headers"]["authorization"], "the token goes on as it came"


def test_without_a_token_nobody_is_answered(edge: Edge, identity: Issuer) -> None:
    del identity
    for path in ("/v1/predict", "/v1/model", "/", "/health", "/anything"):
        assert edge.ask(path).status == 401, path


def test_tokens_of_other_keys_issuers_and_audiences_are_refused(
    edge: Edge, identity: Issuer
) -> None:
    del identity
    for stranger in (
        issuer(edge),
        issuer(edge, "https://elsewhere.example/"),
        issuer(edge, audience="https://payroll.example"),
    ):
        assert edge.ask(token=stranger.current()).status == 401


def test_an_expired_token_is_refused(edge: Edge, identity: Issuer) -> None:
    late = RunningClock(then_s=identity._clock.now_s() - 3600, speed=edge.emulator.speed)
    identity_then = issuer(edge)
    identity_then._key, identity_then._clock = identity._key, late
    assert edge.ask(token=identity_then.current()).status == 401


def test_clients_find_no_health_paths(edge: Edge, identity: Issuer) -> None:
    for path in ("/health/ready", "/health/live", "/evacuation/us-west-2"):
        for token in (None, identity.current()):
            answer = edge.ask(path, token=token)
            assert (answer.status, b"release" in answer.body) == (404, False), path


def test_health_checkers_need_no_token_and_find_no_predictions(edge: Edge) -> None:
    assert edge.ask("/health/ready", port=HEALTH).seen["path"] == "/health/ready"
    assert edge.ask("/health/live", port=HEALTH).status == 200
    for path in ("/v1/predict", "/v1/model", "/health/other", "/"):
        assert edge.ask(path, port=HEALTH).status == 404, path


def test_who_is_no_health_checker_is_not_answered_at_their_port(edge: Edge) -> None:
    assert hangs(edge, edge.address(), port=HEALTH)
    assert not hangs(edge, edge.address())


def test_a_rehearsals_clients_are_let_in_by_what_they_read_of_the_listener(edge: Edge) -> None:
    demand = TokenDemand(issuer=ISSUER, jwks_endpoint=ENDPOINT, claims=(("aud", (AUDIENCE,)),))
    credential = Stage(edge.emulator).credential_for(listener(tokens=demand))
    token = credential.headers()["authorization"].removeprefix("Bearer ")
    assert edge.ask(token=token).status == 200
    assert edge.ask(token=credential.document()["token"]).status == 200


def listener(**facts: Any) -> Listener:
    return Listener(
        arn="l", port=443, protocol="HTTPS", default_target_group_arn="t", rules=(), **facts
    )


@pytest.fixture(scope="module")
def ours(edge: Edge, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A client's certificate and key, after the stack has been told to ask for such ones."""
    authority = ClientAuthority(tmp_path_factory.mktemp("ours"))
    edge.deploy(
        clientAuthentication="mtls",
        clientCaBundle=str(authority.bundle),
    )
    return authority.certificate, authority.private_key


@pytest.mark.long
def test_client_certificates_take_the_place_of_tokens_by_one_update(
    edge: Edge, ours: tuple[Path, Path], tmp_path: Path
) -> None:
    answer = edge.ask(client=ours)
    assert answer.status == 200
    (subject,) = answer.seen["headers"]["x-amzn-mtls-clientcert-subject"]
    assert subject == "CN=rehearsal"
    forged = edge.ask(client=ours, x_amzn_mtls_clientcert_subject="CN=admin")
    (sent,) = forged.seen["headers"]["x-amzn-mtls-clientcert-subject"]
    assert sent == "CN=rehearsal", "what the handshake showed cannot be written over"
    strangers = ClientAuthority(tmp_path)
    for client in (None, (strangers.certificate, strangers.private_key)):
        with pytest.raises(OSError):  # noqa: PT011  # TLS 1.3 says it by an alert or by closing
            edge.ask(client=client)
    assert edge.ask("/health/ready", port=HEALTH).status == 200, "checkers show no certificate"
    assert edge.ask("/health/ready", client=ours).status == 404


def test_what_was_answered_and_refused_is_in_the_access_logs(edge: Edge) -> None:
    s3, bucket = edge.aws("s3"), bucket_of(edge)

    def lines() -> list[str]:
        found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        files = [each["Key"] for each in found if each["Key"].endswith(".log.gz")]
        bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in files]
        return [line for body in bodies for line in gzip.decompress(body).decode().splitlines()]

    def told() -> bool:
        found = lines()
        return any(" 401 - " in each and "jwt-validation" in each for each in found) and any(
            " 200 200 " in each and "forward" in each for each in found
        )

    eventually(told, "logs are delivered every five emulated minutes")


def bucket_of(edge: Edge) -> str:
    (balancer,) = edge.aws("elbv2").describe_load_balancers()["LoadBalancers"]
    found = edge.aws("elbv2").describe_load_balancer_attributes(
        LoadBalancerArn=balancer["LoadBalancerArn"]
    )
    attributes = {each["Key"]: each["Value"] for each in found["Attributes"]}
    return str(attributes["access_logs.s3.bucket"])


@pytest.fixture
def resource(edge: Edge) -> dict[str, Any]:
    """The Region's load balancer as zonal shifts know it."""
    (found,) = edge.aws("arc-zonal-shift").list_managed_resources()["items"]
    assert found["arn"] == edge.region["loadBalancerArn"]
    return found


def test_every_zone_can_be_left_and_autoshift_is_practised(
    edge: Edge, resource: dict[str, Any]
) -> None:
    assert (resource["zonalAutoshiftStatus"], resource["practiceRunStatus"]) == ("ENABLED",) * 2
    shown = edge.aws("arc-zonal-shift").get_managed_resource(resourceIdentifier=resource["arn"])
    practice = shown["practiceRunConfiguration"]
    ends = [each["alarmIdentifier"].rpartition("-")[2] for each in practice["outcomeAlarms"]]
    assert ends == ["availability", "latency"]
    assert practice["blockedWindows"] == ["Sat:00:00-Sat:23:59", "Sun:00:00-Sun:23:59"]


def test_a_shift_leaves_two_addresses_which_serve(edge: Edge, resource: dict[str, Any]) -> None:
    arc = edge.aws("arc-zonal-shift")
    assert len(edge.addresses()) == 3
    shift = arc.start_zonal_shift(
        resourceIdentifier=resource["arn"],
        awayFrom=resource["availabilityZones"][0],
        expiresIn="1m",
        comment="its disks are slow",
    )
    assert len(edge.addresses()) == 2
    assert edge.ask("/health/live", port=HEALTH).status == 200
    eventually(lambda: len(edge.addresses()) == 3, "a shift ends when it expires, by itself")
    with pytest.raises(ClientError, match="EXPIRED"):
        arc.cancel_zonal_shift(zonalShiftId=shift["zonalShiftId"])
    told = [each for each in edge.emulator.events() if each.get("shift") == shift["zonalShiftId"]]
    kinds = [each["kind"] for each in told]
    assert kinds == ["zonal_shift.started", "zonal_shift.ended"]


def hangs(edge: Edge, address: str, *, port: int = CLIENTS) -> bool:
    """Whether a client that was led to an address gets nothing from it."""
    port = edge.emulator.listener_port(port)
    with socket.create_connection((address, port), timeout=5) as plain:
        plain.settimeout(3)  # a machine that is busy takes a while to shake hands
        trust = ssl.create_default_context(cafile=str(edge.emulator.ca_file))
        try:
            trust.wrap_socket(plain, server_hostname=NAME).close()
        except TimeoutError:
            return True
    return False


def test_clients_of_a_zone_that_hangs_are_helped_by_leaving_it(
    edge: Edge, resource: dict[str, Any]
) -> None:
    away = resource["availabilityZones"][1]
    fault = edge.emulator.lose("zone", away)
    assert [hangs(edge, each) for each in edge.addresses()].count(True) == 1, "a third of them"
    arc = edge.aws("arc-zonal-shift")
    shift = arc.start_zonal_shift(
        resourceIdentifier=resource["arn"], awayFrom=away, expiresIn="3h", comment="it hangs"
    )
    assert [hangs(edge, each) for each in edge.addresses()] == [False, False]
    edge.emulator.restore(fault)
    arc.cancel_zonal_shift(zonalShiftId=shift["zonalShiftId"])
    assert [hangs(edge, each) for each in edge.addresses()] == [False] * 3


def test_the_control_api_knows_what_services_have_said_and_would_say(edge: Edge) -> None:
    edge.ask("/health/live", port=HEALTH)
    known = edge.emulator.known_metrics()
    mine = [each for each in known["emitted"] if each["region"] == REGION]
    requests = [each for each in mine if each["name"] == "RequestCount"]
    assert requests, "a request was answered"
    suffix = edge.region["loadBalancerArn"].partition(":loadbalancer/")[2]
    assert any(each["values"].get("LoadBalancer") == suffix for each in requests)
    could = {(each["namespace"], each["name"]) for each in known["emittable"]}
    assert ("AWS/Route53", "HealthCheckStatus") in could
    assert ("AWS/Nobody", "Nothing") not in could
