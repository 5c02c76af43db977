"""Lambda's data plane, held to what AWS documents of invocations and environments."""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contract.dataplane.cloud import TRUST_LAMBDA, Cloud
from tests.contract.dataplane.driver import REGION, eventually, failure, kinds

if TYPE_CHECKING:
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from tests.contract.dataplane.cloud import Cloud
    from tests.contract.dataplane.driver import Lambda

WHO = """
import os
def handle(event, context):
    return {"pid": os.getpid(), "event": event}
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def children() -> set[int]:
    """Processes that this one has started."""
    pids: set[int] = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                pids.add(int(process.name))
    return pids


def test_the_first_invocation_is_a_cold_start_and_the_next_reuses_its_environment(
    cloud: Cloud, functions: Lambda, events: EventLog
) -> None:
    cloud.function(WHO)
    first, second = functions.answer({"n": 1}), functions.answer({"n": 2})
    assert first["event"] == {"n": 1}
    assert first["pid"] == second["pid"], "an idle environment is reused"
    starts = [event for event in events.since() if event.kind == "lambda.cold_start"]
    assert len(starts) == 1, "one environment was started"
    assert starts[0].facts["duration_ms"] > 0


def test_two_invocations_at_once_never_share_an_environment(
    cloud: Cloud, functions: Lambda
) -> None:
    cloud.function("""
        import os, time
        def handle(event, context):
            time.sleep(0.5)
            return os.getpid()
    """)
    both = [functions.spawn(), functions.spawn()]
    pids = {json.loads(one.result(10).payload) for one in both}
    assert len(pids) == 2, "an environment runs one invocation at a time"


def test_state_outside_the_handler_lives_as_long_as_the_environment(
    cloud: Cloud, functions: Lambda
) -> None:
    cloud.function("""
        seen = []
        def handle(event, context):
            seen.append(event)
            return seen
    """)
    functions.answer("a")
    assert functions.answer("b") == ["a", "b"]


def test_an_idle_environment_ends_after_its_expiry(
    cloud: Cloud, functions: Lambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emulator.dataplane.lambda_service.IDLE_EXPIRY_S", 0.2)
    cloud.function(WHO)
    pid = functions.answer()["pid"]
    eventually(lambda: not alive(pid), "an idle environment's process ends")
    assert functions.answer()["pid"] != pid, "the next invocation is a cold start"


def test_a_version_keeps_its_code_and_configuration_whatever_latest_becomes(
    cloud: Cloud, functions: Lambda
) -> None:
    source = "import os\ndef handle(event, context): return [{!r}, os.environ['MODE']]\n"
    cloud.function(source.format("old"), Environment={"Variables": {"MODE": "one"}})
    client = cloud.client("lambda")
    client.update_function_configuration(
        FunctionName="fn", Environment={"Variables": {"MODE": "two"}}
    )
    version = cloud.update(source.format("new"))
    assert functions.answer(qualifier="1") == ["old", "one"]
    assert functions.answer(qualifier=version) == ["new", "two"]
    assert functions.answer() == ["new", "two"], "without a qualifier $LATEST runs"


def test_latest_with_new_configuration_never_runs_in_an_old_environment(
    cloud: Cloud, functions: Lambda
) -> None:
    cloud.function("import os\ndef handle(e, c): return os.environ.get('MODE')\n")
    assert functions.answer() is None
    cloud.client("lambda").update_function_configuration(
        FunctionName="fn", Environment={"Variables": {"MODE": "two"}}
    )
    assert functions.answer() == "two"


def test_an_alias_shares_its_invocations_out_by_weight(cloud: Cloud, functions: Lambda) -> None:
    cloud.function("def handle(event, context): return context.function_version\n")
    cloud.update("def handle(event, context):\n    return context.function_version\n")
    cloud.client("lambda").create_alias(
        FunctionName="fn",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}},
    )
    ran = [functions.answer(qualifier="live") for _ in range(100)]
    assert 10 <= ran.count("2") <= 40, f"about a quarter goes to version 2, not {ran.count('2')}"
    assert ran.count("1") + ran.count("2") == 100


def test_the_handler_sees_the_environment_that_lambda_documents(
    cloud: Cloud, functions: Lambda
) -> None:
    cloud.function(
        """
        import os, sys
        def handle(event, context):
            return {
                "env": dict(os.environ), "path": sys.path, "cwd": os.getcwd(),
                "arn": context.invoked_function_arn, "left": context.get_remaining_time_in_millis(),
                "request": context.aws_request_id, "memory": context.memory_limit_in_mb,
            }
        """,
        Environment={"Variables": {"OWN": "x", "AWS_REGION": "mars"}},
        MemorySize=256,
        Timeout=7,
    )
    seen = functions.answer()
    environment = seen["env"]
    expected = {
        "OWN": "x",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_LAMBDA_FUNCTION_NAME": "fn",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
        "_HANDLER": "handler.handle",
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "LAMBDA_TASK_ROOT": seen["cwd"],
    }
    assert {name: environment.get(name) for name in expected} == expected
    assert environment["AWS_SESSION_TOKEN"], "credentials are those of an assumed role"
    assert environment["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert "PYTHONPATH" not in environment, "nothing of the emulator's own environment leaks in"
    assert not [entry for entry in seen["path"] if "site-packages" in entry]
    assert seen["arn"] == f"arn:aws:lambda:{REGION}:123456789012:function:fn"
    assert 0 < seen["left"] <= 7000
    assert seen["memory"] == "256"


def test_the_role_of_the_function_signs_what_its_sdk_sends(cloud: Cloud, functions: Lambda) -> None:
    cloud.function("""
        import boto3
        def handle(event, context):
            return boto3.client("sts").get_caller_identity()["Arn"]
    """)
    assert functions.answer() == "arn:aws:sts::123456789012:assumed-role/worker/fn"


def test_a_role_that_does_not_trust_lambda_gives_no_environment(
    cloud: Cloud, functions: Lambda
) -> None:
    cloud.function(WHO)
    trust = json.dumps(TRUST_LAMBDA).replace("lambda.", "ec2.")
    cloud.client("iam").update_assume_role_policy(RoleName="worker", PolicyDocument=trust)
    result = functions.invoke()
    assert (result.status, result.error) == (403, "AccessDeniedException")
    assert b"does not let lambda.amazonaws.com assume it" in result.payload


def test_only_the_sdk_of_the_runtime_can_be_imported(cloud: Cloud, functions: Lambda) -> None:
    cloud.function("""
        import importlib.util
        def handle(event, context):
            return [name for name in event if importlib.util.find_spec(name)]
    """)
    wanted = ["boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"]
    assert functions.answer([*wanted, "moto", "emulator", "numpy", "sklearn"]) == wanted


def test_a_package_cannot_write_to_itself(cloud: Cloud, functions: Lambda, work_dir: Path) -> None:
    cloud.function(WHO)
    functions.answer()
    written = [path for path in (work_dir / "packages").rglob("*") if path.stat().st_mode & 0o222]
    assert not written, "an unpacked package is read-only"
    assert not list((work_dir / "packages").rglob("*.pyc")), "nor does Python leave bytecode in it"


def test_a_handler_reaches_nothing_but_loopback(cloud: Cloud, functions: Lambda) -> None:
    cloud.function("""
        import socket
        def handle(event, context):
            try:
                socket.create_connection(("192.0.2.1", 80), timeout=1)
            except OSError as error:
                return str(error)
    """)
    assert "loopback only" in functions.answer()


def test_an_exception_becomes_the_error_that_lambda_returns(
    cloud: Cloud, functions: Lambda
) -> None:
    cloud.function("""
        def handle(event, context):
            raise KeyError("no such thing")
    """)
    error = failure(functions.invoke())
    assert error["errorType"] == "KeyError"
    assert error["errorMessage"] == "'no such thing'"
    assert error["requestId"]
    assert 'raise KeyError("no such thing")' in error["stackTrace"][0]


@pytest.mark.parametrize(
    ("source", "handler", "kind", "message"),
    [
        (
            "import no_such_module",
            "handler.handle",
            "Runtime.ImportModuleError",
            "Unable to import module 'handler': No module named 'no_such_module'",
        ),
        (
            "",
            "handler.handle",
            "Runtime.HandlerNotFound",
            "Handler 'handle' missing on module 'handler'",
        ),
        ("def handle(:", "handler.handle", "Runtime.UserCodeSyntaxError", "Syntax error in module"),
        ("", "handle", "Runtime.MalformedHandlerName", "Bad handler 'handle'"),
        ("1 / 0", "handler.handle", "ZeroDivisionError", "division by zero"),
        ("import sys; sys.exit(3)", "handler.handle", "Runtime.ExitError", "exit status 3"),
        (
            "def handle(e, c): return {1, 2}",
            "handler.handle",
            "Runtime.MarshalError",
            "Unable to marshal response",
        ),
        ("import os\ndef handle(e, c): os._exit(9)", "handler.handle", "Runtime.ExitError", "9"),
    ],
)
def test_what_breaks_a_handler_is_told_as_lambda_tells_it(
    cloud: Cloud, functions: Lambda, source: str, handler: str, kind: str, message: str
) -> None:
    cloud.function(source, Handler=handler)
    error = failure(functions.invoke())
    assert error["errorType"] == kind
    assert message in error["errorMessage"]


def test_a_crashed_environment_is_replaced(
    cloud: Cloud, functions: Lambda, events: EventLog
) -> None:
    cloud.function("""
        import os
        def handle(event, context):
            if event == "die":
                os.kill(os.getpid(), 9)
            return os.getpid()
    """)
    pid = functions.answer()
    error = failure(functions.invoke("die"))
    assert "signal: killed" in error["errorMessage"]
    assert "lambda.crashed" in kinds(events)
    assert functions.answer() != pid


def test_a_function_over_its_timeout_is_killed_and_says_so(
    cloud: Cloud, functions: Lambda, events: EventLog
) -> None:
    cloud.function(
        """
        import os, time
        def handle(event, context):
            print(os.getpid())
            time.sleep(60)
        """,
        Timeout=1,
    )
    began = time.monotonic()
    result = functions.invoke()
    assert failure(result)["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in failure(result)["errorMessage"]
    assert time.monotonic() - began < 5
    assert "lambda.timeout" in kinds(events)
    pid = int(next(line for line in functions.lines() if line.isdigit()))
    eventually(lambda: not alive(pid), "a function over its timeout is killed")


def test_reserved_concurrency_is_the_limit_and_zero_stops_the_function(
    cloud: Cloud, functions: Lambda, events: EventLog
) -> None:
    cloud.function("""
        import time
        def handle(event, context):
            time.sleep(event or 0)
            return "ran"
    """)
    client = cloud.client("lambda")
    client.put_function_concurrency(FunctionName="fn", ReservedConcurrentExecutions=1)
    slow = functions.spawn(1.0)
    time.sleep(0.3)
    refused = functions.invoke(0)
    assert (refused.status, refused.error) == (429, "TooManyRequestsException")
    assert json.loads(refused.payload)["Reason"] == (
        "ReservedFunctionConcurrentInvocationLimitExceeded"
    )
    assert slow.result(10).succeeded
    assert functions.answer(0) == "ran", "the place is free again"
    client.put_function_concurrency(FunctionName="fn", ReservedConcurrentExecutions=0)
    assert functions.invoke(0).status == 429
    client.delete_function_concurrency(FunctionName="fn")
    assert functions.answer(0) == "ran"
    assert kinds(events).count("lambda.throttled") == 2


def test_payloads_over_six_megabytes_are_refused_both_ways(cloud: Cloud, functions: Lambda) -> None:
    cloud.function("def handle(event, context): return 'x' * (event if event else 0)\n")
    large = functions.loop.call(
        functions.service.invoke("fn", None, b'"' + b"x" * 6291456 + b'"', region=REGION)
    )
    assert (large.status, large.error) == (413, "RequestTooLargeException")
    error = failure(functions.invoke(6_400_000))
    assert error["errorType"] == "Function.ResponseSizeTooLarge"
    assert len(functions.answer(5_000_000)) == 5_000_000, "a large payload passes whole"


def test_what_is_not_deployed_or_no_json_is_refused(cloud: Cloud, functions: Lambda) -> None:
    cloud.function(WHO)
    assert functions.invoke(name="other").error == "ResourceNotFoundException"
    assert functions.invoke(qualifier="7").status == 404
    bad = functions.loop.call(functions.service.invoke("fn", None, b"{", region=REGION))
    assert (bad.status, bad.error) == (400, "InvalidRequestContentException")


def test_a_function_is_found_by_name_partial_arn_and_arn(cloud: Cloud, functions: Lambda) -> None:
    arn = cloud.function("def handle(event, context): return context.function_version\n")
    assert functions.answer(name="fn:1") == "1"
    assert functions.answer(name=f"{arn}:1") == "1"
    assert functions.answer(name="123456789012:function:fn") == "$LATEST"


def test_the_log_has_start_lines_end_and_report_in_order(cloud: Cloud, functions: Lambda) -> None:
    cloud.function("""
        import logging, sys
        def handle(event, context):
            print("hello")
            logging.getLogger().warning("careful")
            print("oops", file=sys.stderr)
    """)
    result = functions.invoke()
    (region, group, stream, lines), *more = functions.logs
    assert not more, "the lines of one invocation are shipped together"
    assert (region, group) == (REGION, "/aws/lambda/fn")
    assert "/[$LATEST]" in stream
    words = [line for _, line in lines]
    assert words[0].startswith("START RequestId: ")
    assert words[0].endswith(" Version: $LATEST")
    assert words[1] == "hello"
    assert words[2].startswith("[WARNING]\t")
    assert words[2].endswith("\tcareful")
    assert words[3] == "oops"
    assert words[4].startswith("END RequestId: ")
    assert words[5].startswith("REPORT RequestId: ")
    for part in ("Duration: ", "Billed Duration: ", "Memory Size: 128 MB", "Init Duration: "):
        assert part in words[5], f"a cold start's REPORT names {part!r}"
    assert result.log_tail.splitlines() == words
    functions.invoke()
    assert "Init Duration" not in functions.lines()[-1], "only a cold start has an init duration"


def test_an_asynchronous_invocation_is_accepted_and_runs(cloud: Cloud, functions: Lambda) -> None:
    cloud.function("def handle(event, context): print('ran', event)\n")
    result = functions.invoke("later", invocation_type="Event")
    assert (result.status, result.payload) == (202, b"")
    eventually(lambda: "ran later" in functions.lines(), "an accepted event is run")


def test_a_dry_run_runs_nothing(cloud: Cloud, functions: Lambda) -> None:
    cloud.function(WHO)
    assert functions.invoke(invocation_type="DryRun").status == 204
    assert functions.logs == []


@pytest.mark.parametrize("kind", ["region", "function"])
def test_loss_kills_the_workers_at_once_and_a_restored_function_starts_cold(
    cloud: Cloud, functions: Lambda, faults: FaultBoard, events: EventLog, kind: str
) -> None:
    arn = cloud.function("""
        import os, time
        def handle(event, context):
            time.sleep(event or 0)
            return os.getpid()
    """)
    idle = functions.answer()
    slow = functions.spawn(30)
    time.sleep(0.3)
    fault = faults.lose(kind, REGION if kind == "region" else arn)
    result = slow.result(5)
    assert (result.status, result.error) == (500, "ServiceException")
    eventually(lambda: not alive(idle), "the workers of what is lost are killed")
    assert functions.invoke().status == 500, "what is lost cannot be invoked"
    assert "lambda.lost" in kinds(events)
    faults.restore(fault.id)
    assert functions.answer() != idle, "a restored function starts cold"
    assert kinds(events).count("lambda.cold_start") == 2


def test_a_lost_function_leaves_the_others_alone(
    cloud: Cloud, functions: Lambda, faults: FaultBoard
) -> None:
    lost = cloud.function(WHO, name="lost")
    cloud.function(WHO, name="kept")
    pid = functions.answer(name="kept")["pid"]
    faults.lose("function", lost)
    assert functions.invoke(name="lost").status == 500
    assert functions.answer(name="kept")["pid"] == pid


def test_no_process_outlives_the_service(cloud: Cloud, functions: Lambda) -> None:
    cloud.function("""
        import os, time
        def handle(event, context):
            print(os.getpid())
            time.sleep(event or 0)
            return os.getpid()
    """)
    before = children()
    functions.answer()
    functions.spawn(60)
    eventually(lambda: len(children() - before) == 1, "the idle environment is used again")
    functions.spawn(60)
    eventually(lambda: len(children() - before) == 2, "a second environment is started")
    functions.loop.call(functions.service.stop())
    assert children() == before, "every worker has ended"


def test_a_busy_worker_dies_with_the_emulator(work_dir: Path) -> None:
    """The emulator is killed (-9) while a handler spins; the worker notices by its lifeline."""
    import signal
    import subprocess
    import sys

    package = work_dir / "package"
    package.mkdir(parents=True)
    (package / "handler.py").write_text("def handle(e, c):\n    while True: pass\n")
    script = f"""
import asyncio, pathlib, sys
from emulator.clock import Clock
from emulator.dataplane.lambda_worker import Worker, WorkerSetup
async def main():
    folder = pathlib.Path({str(package)!r})
    setup = WorkerSetup(package=folder, runtime=folder, handler="handler.handle",
                        environment={{}}, scratch=folder / "scratch", dns=("127.0.0.1", 9),
                        clock=Clock().anchor)
    worker = await Worker.start(setup, lambda: 0)
    await worker.load(setup)
    print(worker.pid, flush=True)
    meta = {{"request_id": "", "trace_id": "", "arn": "", "deadline_s": 0, "speed": 1,
            "skew_s": 0}}
    await worker.invoke(meta, b"null")
asyncio.run(main())
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert parent.stdout is not None
    with parent, parent.stdout as output:
        pid = int(output.readline())
        time.sleep(0.2)
        assert alive(pid)
        parent.send_signal(signal.SIGKILL)
    eventually(lambda: not alive(pid), "a worker ends when the emulator is killed")
