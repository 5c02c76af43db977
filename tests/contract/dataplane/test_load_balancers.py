"""The whole data plane: names, load balancers and functions over real sockets."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from emulator.addresses import Block
from emulator.certificates import Authority
from emulator.clock import Clock
from emulator.dataplane import DataPlane
from emulator.events import EventLog
from emulator.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from emulator.faults import FaultBoard
    from tests.contract.dataplane.cloud import Cloud
    from tests.contract.dataplane.loop import LoopThread

REGION = "us-east-1"
ECHO = """
def handle(event, context):
    return {"statusCode": 200, "headers": {"content-type": "application/json"},
            "body": __import__("json").dumps(event)}
"""


class Plane:
    """The data plane under test, driven from the test's thread."""

    def __init__(  # noqa: PLR0913, PLR0917  # what a data plane is made of
        self,
        cloud: Cloud,
        loop: LoopThread,
        block: Block,
        authority: Authority,
        clock: Clock,
        faults: FaultBoard,
        events: EventLog,
    ) -> None:
        self.cloud = cloud
        self.loop = loop
        self.block = block
        self.authority = authority
        self.faults = faults
        self.events = events
        self.shipped: list[tuple[Any, ...]] = []

        async def make() -> DataPlane:
            plane = DataPlane(
                Store(),
                clock,
                faults,
                events,
                block,
                authority,
                cloud.endpoint,
                lambda *shipped: self.shipped.append(shipped),
            )
            await plane.start()
            return plane

        self.plane = loop.call(make())

    def stop(self) -> None:
        self.loop.call(self.plane.stop())

    def balancer(self, region: str = REGION, **more: Any) -> dict[str, Any]:
        """A load balancer whose listener on 80 forwards to a function; waits until it serves."""
        made = self.cloud.load_balancer(name=f"alb-{region}", region=region)
        self.serve(made, self.target(region=region, **more))
        return made

    def target(
        self, source: str = ECHO, *, region: str = REGION, name: str = "fn", **more: Any
    ) -> dict[str, Any]:
        """A forward action to a target group with an alias of a new function."""
        settings = {"Timeout": more.pop("Timeout", 10)}
        arn = self.cloud.function(source, region=region, name=name, **settings)
        self.cloud.client("lambda", region).create_alias(
            FunctionName=name, Name="live", FunctionVersion="1"
        )
        group = self.cloud.target_group(f"{arn}:live", name=f"tg-{name}-{region}", **more)
        return {"Type": "forward", "TargetGroupArn": group}

    def serve(self, balancer: dict[str, Any], action: dict[str, Any], **listener: Any) -> str:
        arn = self.cloud.listener(balancer, action, **listener)
        host, port = self.host(balancer), self.block.listener_port(listener.get("port", 80))

        def connects() -> bool:
            try:
                socket.create_connection((host, port), timeout=1).close()
            except OSError:
                return False
            return True

        eventually(connects, "a listener is served soon after it is deployed")
        return arn

    def host(self, balancer: dict[str, Any], zone: int = 0) -> str:
        return self.plane.addresses(balancer["DNSName"])[zone]

    def client(self, balancer: dict[str, Any], zone: int = 0) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host(balancer, zone), 8080, timeout=10)

    def ask(
        self,
        balancer: dict[str, Any],
        path: str = "/",
        *,
        method: str = "GET",
        body: bytes | None = None,
        **headers: str,
    ) -> tuple[int, bytes, dict[str, str]]:
        with contextlib.closing(self.client(balancer)) as client:
            client.request(
                method,
                path,
                body=body,
                headers={name.replace("_", "-"): value for name, value in headers.items()},
            )
            answer = client.getresponse()
            return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}

    def dig(self, name: str, kind: str = "A", *, tcp: bool = False) -> dns.message.Message:
        query = dns.message.make_query(name, kind)
        ask = dns.query.tcp if tcp else dns.query.udp
        return ask(query, self.block.dns.host, port=self.block.dns.port, timeout=5)

    def reasons(self) -> list[str]:
        events = self.events.since()
        return [e.facts["reason"] for e in events if e.kind == "load_balancer.target_failed"]


def eventually(what: Callable[[], bool], rule: str, within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < deadline, rule
        time.sleep(0.02)


@pytest.fixture(scope="module")
def block() -> Iterator[Block]:
    """A block of loopback that is this process's own as long as it holds the API address."""
    for b in range(150, 250):
        block = Block(b)
        try:
            holding = socket.create_server(block.api)
        except OSError:
            continue
        with holding:
            yield block
        return
    raise AssertionError("no free block of loopback addresses from 150 on")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def plane(  # noqa: PLR0913, PLR0917  # what a data plane is made of
    cloud: Cloud,
    loop: LoopThread,
    block: Block,
    authority: Authority,
    clock: Clock,
    faults: FaultBoard,
    events: EventLog,
) -> Iterator[Plane]:
    plane = Plane(cloud, loop, block, authority, clock, faults, events)
    yield plane
    plane.stop()


def test_a_request_reaches_the_function_and_its_answer_comes_back(plane: Plane) -> None:
    balancer = plane.balancer()
    status, body, headers = plane.ask(
        balancer, "/v1/predict?a=%20", method="POST", body=b"{}", content_type="application/json"
    )
    assert status == 200
    assert headers["content-type"] == "application/json"
    event = json.loads(body)
    assert event["path"] == "/v1/predict"
    assert event["queryStringParameters"] == {"a": "%20"}
    assert event["body"] == "{}"
    assert event["headers"]["x-forwarded-proto"] == "http"
    assert event["headers"]["x-forwarded-port"] == "80", "the listener's port, not the moved one"
    assert event["headers"]["x-forwarded-for"] == "127.0.0.1"


def test_every_zone_has_an_address_and_one_connection_carries_many_requests(plane: Plane) -> None:
    balancer = plane.balancer()
    assert len(plane.plane.addresses(balancer["DNSName"])) == 2
    for zone in (0, 1):
        with contextlib.closing(plane.client(balancer, zone)) as client:
            for _ in range(3):
                client.request("GET", "/")
                answer = client.getresponse()
                answer.read()
                assert answer.status == 200
                assert answer.getheader("Connection") == "keep-alive"
            sock = client.sock
            assert sock is not None, "the connection was kept"


def test_a_connection_is_closed_after_its_client_keep_alive(plane: Plane) -> None:
    balancer = plane.balancer()
    plane.cloud.client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Attributes=[{"Key": "client_keep_alive.seconds", "Value": "0"}],
    )
    assert plane.ask(balancer)[2]["connection"] == "close"


def test_head_has_the_headers_of_get_and_no_body(plane: Plane) -> None:
    balancer = plane.balancer()
    status, body, headers = plane.ask(balancer, method="HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 0


def test_a_chunked_request_body_is_put_together(plane: Plane) -> None:
    balancer = plane.balancer()
    with contextlib.closing(plane.client(balancer)) as client:
        client.request(
            "POST",
            "/",
            body=iter([b"ab", b"cd"]),
            headers={"content-type": "text/plain"},
            encode_chunked=True,
        )
        event = json.loads(client.getresponse().read())
    assert event["body"] == "abcd"
    assert "transfer-encoding" not in event["headers"]


def test_multi_value_headers_follow_the_target_groups_attribute(plane: Plane) -> None:
    balancer = plane.balancer()
    [group] = Store().target_groups()
    plane.cloud.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=group.arn,
        Attributes=[{"Key": "lambda.multi_value_headers.enabled", "Value": "true"}],
    )
    _, body, headers = plane.ask(balancer, "/?a=1&a=2")
    assert json.loads(body)["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    assert headers["content-type"] == "application/octet-stream", "`headers` is not looked at"


@pytest.mark.parametrize(
    ("source", "status", "reason"),
    [
        ("def handle(e, c): raise ValueError", 502, "LambdaUnhandled"),
        ("import nothing_there", 502, "LambdaUnhandled"),
        ("def handle(e, c): return {'body': 'no status'}", 502, "LambdaInvalidResponse"),
        ("def handle(e, c): return 'text'", 502, "LambdaInvalidResponse"),
        (
            "def handle(e, c): return {'statusCode': 200, 'body': 'x' * 1100000}",
            502,
            "LambdaResponseTooLarge",
        ),
        ("import time\ndef handle(e, c): time.sleep(9)", 502, "LambdaUnhandled"),
        ("import os\ndef handle(e, c): os._exit(1)", 502, "LambdaUnhandled"),
    ],
)
def test_a_function_that_gives_no_response_is_a_bad_gateway(
    plane: Plane, source: str, status: int, reason: str
) -> None:
    balancer = plane.balancer(source=source, Timeout=1)
    found, body, headers = plane.ask(balancer)
    assert (found, plane.reasons()) == (status, [reason])
    assert headers["server"] == "awselb/2.0", "the load balancer answers for itself"
    assert b"<center><h1>502 Bad Gateway</h1></center>" in body


def test_a_throttled_function_is_a_bad_gateway(plane: Plane) -> None:
    balancer = plane.balancer()
    client = plane.cloud.client("lambda")
    client.put_function_concurrency(FunctionName="fn", ReservedConcurrentExecutions=0)
    assert plane.ask(balancer)[0] == 502
    assert plane.reasons() == ["LambdaThrottling"]
    client.delete_function_concurrency(FunctionName="fn")
    assert plane.ask(balancer)[0] == 200


def test_a_permission_taken_away_counts_from_the_next_request(plane: Plane) -> None:
    balancer = plane.balancer()
    assert plane.ask(balancer)[0] == 200
    plane.cloud.client("lambda").remove_permission(
        FunctionName="fn", Qualifier="live", StatementId="alb"
    )
    assert plane.ask(balancer)[0] == 502
    assert plane.reasons() == ["LambdaAccessDenied"]


def test_a_function_that_is_gone_is_a_bad_gateway_and_an_empty_group_unavailable(
    plane: Plane,
) -> None:
    balancer = plane.balancer()
    plane.cloud.client("lambda").delete_function(FunctionName="fn")
    assert plane.ask(balancer)[0] == 502
    assert plane.reasons() == ["LambdaResourceNotFound"]
    [group] = Store().target_groups()
    plane.cloud.client("elbv2").deregister_targets(
        TargetGroupArn=group.arn, Targets=[{"Id": group.targets[0]}]
    )
    assert plane.ask(balancer)[0] == 503


def test_a_request_body_over_one_megabyte_is_too_large(plane: Plane) -> None:
    balancer = plane.balancer(
        source="def handle(e, c): return {'statusCode': 200, 'body': str(len(e['body']))}"
    )
    limit = 1024 * 1024
    assert plane.ask(balancer, method="POST", body=b"x" * limit, content_type="text/plain")[:2] == (
        200,
        str(limit).encode(),
    )
    assert plane.ask(balancer, method="POST", body=b"x" * (limit + 1))[0] == 413


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 16500 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + (b"X: " + b"y" * 9000 + b"\r\n") * 8 + b"\r\n", 400),
        (b"GET /" + b"y" * 16500 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (
            b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: "
            + b", ".join([b"1.1.1.1"] * 31)
            + b"\r\n\r\n",
            463,
        ),
    ],
)
def test_what_a_load_balancer_refuses_by_itself(
    plane: Plane, request_text: bytes, status: int
) -> None:
    balancer = plane.balancer()
    with socket.create_connection((plane.host(balancer), 8080), timeout=5) as sock:
        sock.sendall(request_text)
        assert sock.recv(1000).startswith(b"HTTP/1.1 %d " % status)


def test_rules_are_tried_in_order_of_priority_before_the_default(plane: Plane) -> None:
    made = plane.cloud.load_balancer()
    listener = plane.serve(made, plane.target())
    client = plane.cloud.client("elbv2")
    for priority, pattern, text in [(20, "/a/*", "wide"), (10, "/a/b*", "narrow")]:
        client.create_rule(
            ListenerArn=listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": [pattern]}],
            Actions=[
                {
                    "Type": "fixed-response",
                    "FixedResponseConfig": {"StatusCode": "203", "MessageBody": text},
                }
            ],
        )
    assert plane.ask(made, "/a/bc")[:2] == (203, b"narrow")
    assert plane.ask(made, "/a/x")[:2] == (203, b"wide")
    assert json.loads(plane.ask(made, "/b")[1])["path"] == "/b"


def test_a_redirect_is_answered_by_the_load_balancer(plane: Plane) -> None:
    made = plane.cloud.load_balancer()
    config = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    plane.serve(made, {"Type": "redirect", "RedirectConfig": config})
    status, _, headers = plane.ask(made, "/a?b=c", Host="x.example.com")
    assert (status, headers["location"]) == (301, "https://x.example.com:443/a?b=c")


def test_https_shows_the_certificate_of_the_listener(plane: Plane) -> None:
    made = plane.cloud.load_balancer()
    certificate = plane.cloud.certificate("predict.example.com", "*.predict.example.com")
    plane.serve(made, plane.target(), port=443, certificate=certificate)
    trust = ssl.create_default_context(cafile=str(plane.authority.ca_file))
    for name in ("predict.example.com", "us-east-1.predict.example.com"):
        with (
            socket.create_connection((plane.host(made), 8443), timeout=5) as plain,
            trust.wrap_socket(plain, server_hostname=name) as tls,
        ):
            tls.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            text = b"".join(iter(lambda: tls.recv(65536), b""))
            assert b'"x-forwarded-proto": "https"' in text
    with (
        socket.create_connection((plane.host(made), 8443), timeout=5) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        trust.wrap_socket(plain, server_hostname="other.example.com")


def test_a_deleted_listener_closes_its_port_and_its_connections(plane: Plane) -> None:
    made = plane.cloud.load_balancer()
    listener = plane.serve(made, plane.target())
    host = plane.host(made)
    with contextlib.closing(plane.client(made)) as client:
        client.request("GET", "/")
        client.getresponse().read()
        plane.cloud.client("elbv2").delete_listener(ListenerArn=listener)
        sock = client.sock
        assert sock is not None
        sock.settimeout(5)
        assert not sock.recv(1), "an open connection ends with its listener"

    def refused() -> bool:
        try:
            socket.create_connection((host, 8080), timeout=1).close()
        except ConnectionRefusedError:
            return True
        return False

    eventually(refused, "nothing listens any more")


def hangs(sock: socket.socket) -> bool:
    sock.settimeout(0.5)
    try:
        sock.recv(1)
    except TimeoutError:
        return True
    return False


@pytest.mark.parametrize("kind", ["region", "load_balancer"])
def test_what_is_lost_accepts_and_never_answers_until_it_is_restored(
    plane: Plane, kind: str
) -> None:
    balancer = plane.balancer()
    other = plane.balancer("us-west-2")
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection((plane.host(balancer), 8080), timeout=5) as old:
        old.sendall(request)
        assert old.recv(100000).startswith(b"HTTP/1.1 200 ")
        target = REGION if kind == "region" else balancer["LoadBalancerArn"]
        fault = plane.faults.lose(kind, target)
        with socket.create_connection((plane.host(balancer), 8080), timeout=5) as new:
            for sock in (old, new):
                sock.sendall(request)
                assert hangs(sock), "neither an old connection nor a new one gets an answer"
            assert plane.ask(other)[0] == 200, "the other Region is not touched"
            plane.faults.restore(fault.id)
            for sock in (old, new):
                sock.settimeout(10)
                assert sock.recv(100000).startswith(b"HTTP/1.1 200 "), "the request is answered"


def test_a_client_that_leaves_a_lost_region_leaves_nothing_behind(plane: Plane) -> None:
    balancer = plane.balancer()
    plane.faults.lose("region", REGION)
    for _ in range(20):
        with socket.create_connection((plane.host(balancer), 8080), timeout=5) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    served = plane.plane._balancers._served.values()

    def connections() -> int:
        return sum(len(each._tasks) - 1 for each in served)  # each accepts in one task

    eventually(lambda: connections() == 0, "their tasks have ended")


def test_losing_a_region_in_the_middle_of_a_request_answers_nothing(plane: Plane) -> None:
    source = "import time\ndef handle(e, c):\n    time.sleep(1)\n    return {'statusCode': 200}\n"
    balancer = plane.balancer(source=source)
    with socket.create_connection((plane.host(balancer), 8080), timeout=5) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.4)
        plane.faults.lose("region", REGION)
        sock.settimeout(1.5)
        with pytest.raises(TimeoutError):
            sock.recv(1)


def test_target_health_follows_the_functions_answer(plane: Plane) -> None:
    source = """
        import os
        def handle(event, context):
            path = event["path"]
            return {"statusCode": 503 if os.path.exists(FLAG) else 200,
                    "statusDescription": "200 OK", "headers": {}, "body": path}
    """
    flag = plane.authority.work_dir / "sick"
    made = plane.cloud.load_balancer()
    action = plane.target(
        source.replace("FLAG", repr(str(flag))),
        HealthCheckEnabled=True,
        HealthCheckPath="/health",
        HealthCheckIntervalSeconds=35,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=2,
    )
    group = action["TargetGroupArn"]
    assert [each.state for each in plane.plane.target_health(group)] == ["unused"]
    plane.cloud.listener(made, action)

    def state() -> tuple[str, str | None]:
        [status] = plane.plane.target_health(group)
        return status.state, status.description

    eventually(lambda: state()[0] == "healthy", "one passed check is enough at first")
    assert plane.plane.target_health("arn:aws:elasticloadbalancing:us-east-1:1:x") == []


def test_a_target_without_health_checks_is_unavailable_and_served(plane: Plane) -> None:
    balancer = plane.balancer()
    [group] = Store().target_groups()
    [status] = plane.plane.target_health(group.arn)
    assert (status.state, status.reason) == ("unavailable", "Target.HealthCheckDisabled")
    assert plane.ask(balancer)[0] == 200


def test_names_are_answered_over_udp_and_tcp(plane: Plane) -> None:
    balancer = plane.cloud.load_balancer()
    zone = plane.cloud.zone()
    target = {"HostedZoneId": "Z", "DNSName": balancer["DNSName"], "EvaluateTargetHealth": False}
    plane.cloud.records(
        zone,
        {"Name": "a.example.com", "Type": "A", "AliasTarget": target},
        {
            "Name": "c.example.com",
            "Type": "CNAME",
            "TTL": 10,
            "ResourceRecords": [{"Value": "a.example.com"}],
        },
        {
            "Name": "t.example.com",
            "Type": "TXT",
            "TTL": 5,
            "ResourceRecords": [{"Value": '"a b" "c"'}],
        },
    )
    for tcp in (False, True):
        answer = plane.dig("c.example.com", tcp=tcp)
        assert answer.flags & dns.flags.AA
        chain = [(str(each.name), each.ttl, len(each)) for each in answer.answer]
        assert chain == [("c.example.com.", 10, 1), ("a.example.com.", 60, 2)]
    assert {item.to_text() for item in answer.answer[1]} == set(
        plane.plane.addresses(balancer["DNSName"])
    )
    assert plane.dig("t.example.com", "TXT").answer[0][0].to_text() == '"a b" "c"'
    assert plane.dig("A.Example.COM").rcode() == dns.rcode.NOERROR, "case does not count"


@pytest.mark.parametrize(
    ("name", "kind", "rcode", "with_soa"),
    [
        ("example.com", "SOA", dns.rcode.NOERROR, False),
        ("example.com", "NS", dns.rcode.NOERROR, False),
        ("example.com", "A", dns.rcode.NOERROR, True),
        ("nothing.example.com", "A", dns.rcode.NXDOMAIN, True),
        ("example.org", "A", dns.rcode.REFUSED, False),
    ],
)
def test_negative_answers_carry_the_soa_of_the_zone(
    plane: Plane,
    name: str,
    kind: str,
    rcode: dns.rcode.Rcode,
    with_soa: bool,  # noqa: FBT001  # a row of the table
) -> None:
    plane.cloud.zone()
    answer = plane.dig(name, kind)
    assert answer.rcode() == rcode
    assert bool(answer.authority) is with_soa
    if with_soa:
        assert answer.authority[0].ttl == 900, "the least of the SOA's TTL and its minimum"


def test_an_answer_too_long_for_udp_is_truncated_and_whole_over_tcp(plane: Plane) -> None:
    zone = plane.cloud.zone()
    values = [{"Value": f'"{n:03}{"x" * 100}"'} for n in range(40)]
    record = {"Name": "l.example.com", "Type": "TXT", "TTL": 5, "ResourceRecords": values}
    plane.cloud.records(zone, record)
    answer = plane.dig("l.example.com", "TXT")
    assert answer.flags & dns.flags.TC
    assert len(plane.dig("l.example.com", "TXT", tcp=True).answer[0]) == 40


def test_a_datagram_that_is_no_query_is_ignored(plane: Plane) -> None:
    plane.cloud.zone()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"\x00\x01nonsense", plane.block.dns)
    assert plane.dig("example.com", "SOA").rcode() == dns.rcode.NOERROR


@pytest.fixture
def fast_plane(
    cloud: Cloud, loop: LoopThread, block: Block, authority: Authority, faults: FaultBoard
) -> Iterator[Plane]:
    clock = Clock(20)
    plane = Plane(cloud, loop, block, authority, clock, faults, EventLog(clock))
    yield plane
    plane.stop()


def test_traffic_fails_over_and_back_by_health_checks_alone(fast_plane: Plane) -> None:
    """The spine: checkers ask the load balancers, DNS follows the checkers."""
    plane = fast_plane
    zone = plane.cloud.zone()
    source = "def handle(e, c): return {'statusCode': 200, 'body': '\"ready\":true'}"
    addresses: dict[str, set[str]] = {}
    for role, region in (("PRIMARY", "us-east-1"), ("SECONDARY", "us-west-2")):
        made = plane.cloud.load_balancer(name=f"alb-{region}", region=region)
        certificate = plane.cloud.certificate("*.example.com", region=region)
        action = plane.target(source, region=region)
        plane.serve(made, action, port=443, certificate=certificate)
        addresses[region] = set(plane.plane.addresses(made["DNSName"]))
        name = f"{region}.example.com"
        check = plane.cloud.health_check(
            Type="HTTPS_STR_MATCH",
            FullyQualifiedDomainName=name,
            Port=443,
            ResourcePath="/health/ready",
            SearchString='"ready":true',
            RequestInterval=10,
            FailureThreshold=3,
            EnableSNI=True,
        )
        target = {"HostedZoneId": "Z", "DNSName": made["DNSName"], "EvaluateTargetHealth": True}
        plane.cloud.records(
            zone,
            {"Name": name, "Type": "A", "AliasTarget": target},
            {
                "Name": "predict.example.com",
                "Type": "CNAME",
                "TTL": 10,
                "SetIdentifier": region,
                "Failover": role,
                "HealthCheckId": check,
                "ResourceRecords": [{"Value": name}],
            },
        )

    def serving() -> str:
        found = {item.to_text() for item in plane.dig("predict.example.com").answer[-1]}
        return next(region for region, known in addresses.items() if known == found)

    time.sleep(1.0)
    assert serving() == "us-east-1"
    fault = plane.faults.lose("region", "us-east-1")
    lost_at = time.monotonic()
    eventually(lambda: serving() == "us-west-2", "the standby takes over", within_s=10)
    took_s = (time.monotonic() - lost_at) * 20
    assert took_s >= 18, "never before three failures at an interval of ten seconds"
    plane.faults.restore(fault.id)
    eventually(lambda: serving() == "us-east-1", "a restored primary answers again", within_s=10)


def test_stopping_leaves_no_port_open_and_is_idempotent(plane: Plane) -> None:
    balancer = plane.balancer()
    plane.ask(balancer)
    host = plane.host(balancer)
    plane.stop()
    plane.stop()
    for address in (plane.block.dns, (host, 8080)):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(plane.block.dns)


def test_a_dns_endpoint_in_use_fails_the_start_and_leaves_nothing(plane: Plane) -> None:
    with pytest.raises(OSError, match="in use"):
        plane.loop.call(plane.plane._dns.__class__(plane.plane._names, plane.block.dns).start())


def test_packages_and_keys_stay_in_the_work_directory(plane: Plane) -> None:
    plane.ask(plane.balancer())
    work: Path = plane.authority.work_dir
    assert (work / "packages").is_dir()
    assert (work / "ca-key.pem").stat().st_mode & 0o777 == 0o600


def walled(plane: Plane, balancer: dict[str, Any]) -> str:
    """Put a web ACL with a rate limit in front of a load balancer; its ARN."""
    seen = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
    limit = {"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "IP"}}
    rule = {"Name": "rate", "Priority": 0, "Statement": limit, "Action": {"Block": {}}}
    waf = plane.cloud.client("wafv2")
    acl = waf.create_web_acl(
        Name="edge",
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        VisibilityConfig=seen,
        Rules=[{**rule, "VisibilityConfig": seen}],
    )["Summary"]["ARN"]
    waf.associate_web_acl(WebACLArn=acl, ResourceArn=balancer["LoadBalancerArn"])
    return str(acl)


def test_a_rate_limit_in_front_of_a_load_balancer_turns_a_flood_away(plane: Plane) -> None:
    balancer = plane.balancer()
    walled(plane, balancer)
    statuses = [plane.ask(balancer)[0] for _ in range(12)]
    assert statuses == [200] * 10 + [403] * 2
    plane.cloud.client("wafv2").disassociate_web_acl(ResourceArn=balancer["LoadBalancerArn"])
    assert plane.ask(balancer)[0] == 200, "it stands in front of what it is associated with"


FIREWALL_LOGS = "aws-waf-logs-edge"


def test_a_web_acl_writes_down_whom_it_turned_away_and_no_credentials(plane: Plane) -> None:
    balancer = plane.balancer()
    acl = walled(plane, balancer)
    logs = plane.cloud.client("logs")
    logs.create_log_group(logGroupName=FIREWALL_LOGS)
    blocked = [{"ActionCondition": {"Action": "BLOCK"}}]
    keep = {"Behavior": "KEEP", "Requirement": "MEETS_ANY", "Conditions": blocked}
    plane.cloud.client("wafv2").put_logging_configuration(
        LoggingConfiguration={
            "ResourceArn": acl,
            "LogDestinationConfigs": [
                f"arn:aws:logs:{REGION}:123456789012:log-group:{FIREWALL_LOGS}"
            ],
            "RedactedFields": [{"SingleHeader": {"Name": "authorization"}}],
            "LoggingFilter": {"DefaultBehavior": "DROP", "Filters": [keep]},
        }
    )

    def written() -> list[Any]:
        return [each for each in plane.shipped if each[1] == FIREWALL_LOGS]

    for _ in range(11):
        plane.ask(balancer, Authorization="Bearer secret")
    ((region, _, stream, ((_, line),)),) = written()  # ten were let through
    told = json.loads(line)
    assert (region, stream) == (REGION, f"{REGION}_edge_0")
    assert (told["action"], told["terminatingRuleId"]) == ("BLOCK", "rate")
    headers = {each["name"].lower(): each["value"] for each in told["httpRequest"]["headers"]}
    assert headers["authorization"] == "REDACTED"
    assert "secret" not in line
    logs.delete_log_group(logGroupName=FIREWALL_LOGS)
    plane.ask(balancer)
    assert len(written()) == 1, "a log group that has gone takes nothing"
