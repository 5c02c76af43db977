"""The canary against real HTTPS servers on loopback: what it sees, and what it says of it."""

from __future__ import annotations

import json
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from moto.server import ThreadedMotoServer

from emulator.certificates import Authority
from resilience.functions import canary, client_credential, golden_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RELEASE = "a" * 64
GOLDEN = [
    {"request": {"rows": [[n]]}, "response": {"predictions": [{"value": n / 3}]}} for n in range(3)
]
NAMESPACE = "Understudy/staging"

Lines = list[dict[str, Any]]


@dataclass
class Region:
    """A Region that answers by the golden rows, or as a test tells it to."""

    status: int = 200
    release: str = RELEASE
    off_by: float = 0.0
    body: bytes | None = None
    silent: threading.Event | None = None
    requests: list[dict[str, str]] = field(default_factory=list)
    granted: int = 0

    def answer(self, path: str, body: bytes) -> bytes:
        if path == "/token":
            self.granted += 1
            return json.dumps({"access_token": "granted", "expires_in": 3600}).encode()
        if self.body is not None:
            return self.body
        number = json.loads(body)["rows"][0][0]
        predictions = [{"value": number / 3 + self.off_by}]
        return json.dumps({"predictions": predictions, "release": self.release}).encode()


def handler_of(region: Region) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            region.requests.append({name.lower(): value for name, value in self.headers.items()})
            body = self.rfile.read(int(self.headers["content-length"]))
            if region.silent is not None:
                region.silent.wait(timeout=10)
            reply = region.answer(self.path, body)
            self.send_response(region.status)
            self.send_header("content-length", str(len(reply)))
            self.send_header("x-understudy-release", region.release)
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            return

    return Handler


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def region() -> Region:
    return Region()


@pytest.fixture
def server(authority: Authority, region: Region) -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(region))
    server.daemon_threads = True
    context = authority.server_context(["localhost"])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def deployed(
    monkeypatch: pytest.MonkeyPatch,
    authority: Authority,
    server: ThreadingHTTPServer,
    tmp_path: Path,
) -> None:
    """An environment like the function's, with the golden rows beside the module."""
    (tmp_path / "golden.json").write_text(json.dumps({"golden": GOLDEN}))
    monkeypatch.setattr(golden_request, "__file__", str(tmp_path / "golden_request.py"))
    monkeypatch.setattr(golden_request, "_PORT", server.server_port)
    monkeypatch.setattr(client_credential, "_tokens", {})
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("UNDERSTUDY_CANARY_TARGETS", '{"us-east-1": "localhost"}')
    monkeypatch.setenv("UNDERSTUDY_RELEASE_DIGEST", RELEASE)
    monkeypatch.setenv("UNDERSTUDY_METRICS_NAMESPACE", NAMESPACE)


@pytest.fixture
def look(capsys: pytest.CaptureFixture[str]) -> Callable[[], Lines]:
    def run() -> Lines:
        canary.handle({}, None)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def metrics_of(line: dict[str, Any]) -> dict[str, Any]:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == NAMESPACE
    (dimensions,) = directive["Dimensions"]
    assert all(isinstance(line[name], str) for name in dimensions)
    return {metric["Name"]: line[metric["Name"]] for metric in directive["Metrics"]}


def test_a_region_that_answers_every_golden_row_is_well(
    look: Callable[[], Lines], region: Region
) -> None:
    seen, ran = look()
    found = metrics_of(seen)
    assert len(found.pop("CanaryLatency")) == len(GOLDEN)
    assert found == {"CanarySuccess": 1, "CanaryWrongAnswers": 0, "CanaryReleaseMismatch": 0}
    assert (seen["Region"], seen["Target"], seen["reason"]) == ("us-west-2", "us-east-1", "")
    assert metrics_of(ran) == {"CanaryRuns": 1}
    ids = [request["x-request-id"] for request in region.requests]
    assert len(set(ids)) == len(GOLDEN), "each request is found in the other Region's log"
    assert "authorization" not in region.requests[0], "no credential is needed, none is sent"


def test_a_wrong_answer_under_the_same_release_is_a_failure(
    look: Callable[[], Lines], region: Region
) -> None:
    region.off_by = 1e-9
    seen, _ = look()
    assert metrics_of(seen)["CanaryWrongAnswers"] == 1
    assert metrics_of(seen)["CanarySuccess"] == 0
    assert region.requests[0]["x-request-id"] in seen["reason"], "it says which request"


def test_the_last_place_of_a_number_is_no_other_model(
    look: Callable[[], Lines], region: Region
) -> None:
    region.off_by = 1e-15
    assert metrics_of(look()[0])["CanarySuccess"] == 1


def test_another_release_is_a_mismatch_and_not_a_wrong_answer(
    look: Callable[[], Lines], region: Region
) -> None:
    region.release, region.off_by = "b" * 64, 0.25
    seen, _ = look()
    found = metrics_of(seen)
    assert (found["CanarySuccess"], found["CanaryWrongAnswers"]) == (1, 0), "it may be mid-deploy"
    assert found["CanaryReleaseMismatch"] == 1
    assert seen["release_seen"] == "b" * 64


def test_looks_take_turns_with_the_golden_requests(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    many = [{"request": {"rows": [[n]]}, "response": {}} for n in range(8)]
    (tmp_path / "golden.json").write_text(json.dumps({"golden": many}))
    asked: set[int] = set()
    for minute in range(3):
        monkeypatch.setattr(canary.time, "time", lambda minute=minute: minute * 60.0)
        asked |= {case["request"]["rows"][0][0] for case in canary._golden()}
    assert asked == set(range(8)), "in time every one of them is asked"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b'{"predictions": null}'])
def test_what_is_no_answer_is_a_wrong_one(
    look: Callable[[], Lines], region: Region, body: bytes
) -> None:
    region.body = body
    assert metrics_of(look()[0])["CanaryWrongAnswers"] == 1


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_a_refusal_is_a_failure_and_says_which(
    look: Callable[[], Lines], region: Region, status: int
) -> None:
    region.status = status
    seen, ran = look()
    assert metrics_of(seen)["CanarySuccess"] == 0
    assert f"status {status}" in seen["reason"]
    assert "CanaryReleaseMismatch" not in metrics_of(seen), "who refuses shows no release"
    assert metrics_of(ran) == {"CanaryRuns": 1}, "the canary itself did its work"


def test_a_region_that_never_answers_is_given_up(look: Callable[[], Lines], region: Region) -> None:
    region.silent = threading.Event()
    seen, _ = look()
    region.silent.set()
    assert metrics_of(seen)["CanarySuccess"] == 0
    assert "no answer" in seen["reason"]
    assert "CanaryLatency" not in metrics_of(seen), "a time that never ended is no latency"


def test_one_lost_region_does_not_hide_what_is_seen_of_another(
    look: Callable[[], Lines], monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = {"us-east-1": "localhost", "eu-west-1": "nowhere.invalid"}
    monkeypatch.setenv("UNDERSTUDY_CANARY_TARGETS", json.dumps(targets))
    monkeypatch.setattr(
        canary.http.client.socket,
        "create_connection",
        _only_localhost(canary.http.client.socket.create_connection),
    )
    first, second, _ = look()
    assert (first["Target"], metrics_of(first)["CanarySuccess"]) == ("eu-west-1", 0)
    assert (second["Target"], metrics_of(second)["CanarySuccess"]) == ("us-east-1", 1)


def _only_localhost(connect: Any) -> Any:
    def connected(address: tuple[str, int], *rest: Any, **more: Any) -> Any:
        if address[0] != "localhost":
            raise OSError(f"no such name: {address[0]}")
        return connect(address, *rest, **more)

    return connected


def test_a_stranger_with_another_certificate_is_not_believed(
    look: Callable[[], Lines], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path / "other").ca_file))
    assert "SSLCertVerificationError" in look()[0]["reason"]


def secret(monkeypatch: pytest.MonkeyPatch, **members: str) -> None:
    monkeypatch.setenv("UNDERSTUDY_CANARY_SECRET", "understudy-staging-canary")
    monkeypatch.setattr(client_credential, "_secret", lambda _: members)


def test_a_bearer_token_is_sent(
    look: Callable[[], Lines], region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret(monkeypatch, kind="bearer", token="t0ken")
    assert metrics_of(look()[0])["CanarySuccess"] == 1
    assert {request["authorization"] for request in region.requests} == {"Bearer t0ken"}


def test_client_credentials_are_traded_for_a_token_that_is_kept(
    look: Callable[[], Lines],
    region: Region,
    server: ThreadingHTTPServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = f"https://localhost:{server.server_port}/token"
    secret(
        monkeypatch, kind="client_credentials", token_url=url, client_id="me", client_secret="hush"
    )
    look()
    look()
    assert region.granted == 1, "a token is used until it expires"
    asked, *predictions = region.requests
    assert asked["authorization"].startswith("Basic ")
    assert {request["authorization"] for request in predictions} == {"Bearer granted"}


def client_certificate(authority: Authority) -> tuple[str, str]:
    """A certificate for clients and its key, both PEM, signed by the authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "canary")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(authority._certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(authority._key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(pem).decode(), private.decode()


def test_a_client_certificate_is_shown(
    look: Callable[[], Lines],
    server: ThreadingHTTPServer,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert isinstance(server.socket, ssl.SSLSocket)
    context = server.socket.context
    context.load_verify_locations(str(authority.ca_file))
    monkeypatch.setattr(context, "verify_mode", ssl.CERT_REQUIRED)
    assert metrics_of(look()[0])["CanarySuccess"] == 0, "without one it is refused"
    certificate, key = client_certificate(authority)
    secret(monkeypatch, kind="certificate", certificate=certificate, key=key)
    assert metrics_of(look()[0])["CanarySuccess"] == 1


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, "kind None"),
        ({"kind": "basic"}, "expected bearer, certificate or client_credentials"),
        ({"kind": "bearer"}, "no 'token'"),
        ({"kind": "certificate", "certificate": "x", "key": "y"}, "gives no credential"),
        (
            {
                "kind": "client_credentials",
                "token_url": "http://a",
                "client_id": "b",
                "client_secret": "c",
            },
            "expected https",
        ),
    ],
)
def test_a_canary_without_a_credential_blames_itself_and_no_region(
    look: Callable[[], Lines], monkeypatch: pytest.MonkeyPatch, members: dict[str, str], said: str
) -> None:
    secret(monkeypatch, **members)
    (line,) = look()
    assert metrics_of(line) == {"CanaryRuns": 0}
    assert said in line["reason"]


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_the_secret_is_read_anew_each_time(
    look: Callable[[], Lines], aws: str, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("UNDERSTUDY_CANARY_SECRET", "canary")
    (unfilled,) = look()
    assert "cannot be read" in unfilled["reason"]
    assert "operator fills it" in unfilled["reason"], "it says what to do"
    client = boto3.client("secretsmanager", endpoint_url=aws, region_name="us-west-2")
    client.create_secret(Name="canary", SecretString='{"kind": "bearer", "token": "one"}')
    look()
    client.put_secret_value(SecretId="canary", SecretString='{"kind": "bearer", "token": "two"}')
    look()
    sent = [request["authorization"] for request in region.requests]
    assert sorted(set(sent)) == ["Bearer one", "Bearer two"], "a new credential counts at once"
    client.put_secret_value(SecretId="canary", SecretString="no JSON")
    assert "JSON object" in look()[0]["reason"]
