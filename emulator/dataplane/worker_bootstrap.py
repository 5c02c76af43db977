"""One Lambda execution environment: loads the handler once, then answers one request at a time.

Run by path as `python -I -S worker_bootstrap.py CHANNEL LIFELINE` in a process of its own. It
imports as little as the real runtime's start allows, so that a cold start measured here is the
package's own. Nothing of the emulator is on its path.

CHANNEL is a stream of frames, both ways: two lengths (4 bytes each, big endian), a JSON object,
then raw bytes. The first frame in says what to load; the first frame out says whether it worked.
LIFELINE is a pipe that nobody writes to: when it ends, the emulator has gone, and so do we.
Error shapes are those of AWS's own Python runtime (github.com/aws/aws-lambda-python-runtime-
interface-client).
"""

from __future__ import annotations

import _thread
import errno
import functools
import importlib
import importlib.util
import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_LENGTH_BYTES = 4
_READ_BYTES = 1 << 20

_real_time = time.time  # what deadlines are in; the package's own clock is the emulated one


def main(channel: int, lifeline: int) -> None:
    """Serve requests until the channel ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the emulator, which ends us
    for descriptor in (channel, lifeline):
        os.set_inheritable(descriptor, False)
    _thread.start_new_thread(die_with_emulator, (lifeline,))
    frame = read_frame(channel)
    if frame is None:
        return
    setup = frame[0]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # pyright: ignore[reportAttributeAccessIssue]
    sys.dont_write_bytecode = True
    sys.addaudithook(refuse_leaving_the_machine)
    worker_clock = load_beside("worker_clock")
    clock = worker_clock.install(setup["clock"])
    dns = (setup["dns"][0], setup["dns"][1])

    def join_network(socket: Any) -> None:
        load_beside("worker_network").install(dns)
        worker_clock.scale_connections(clock, socket)

    # A package that opens no connection does not pay for the network, nor one without threads.
    sys.meta_path.insert(0, OnImport("socket", join_network))
    scale_waits = functools.partial(worker_clock.scale_waits, clock)
    sys.meta_path.insert(0, OnImport("threading", scale_waits))
    sys.path[:] = [setup["package"], setup["runtime"], *sys.path]
    try:
        handler = load_handler(setup["handler"])
    except Exception as error:  # noqa: BLE001  # whatever the package raises is the answer
        write_frame(channel, {"kind": "init_error"}, failure(error, ""))
        return
    write_frame(channel, {"kind": "ready"}, b"")
    while (frame := read_frame(channel)) is not None:
        clock.skew_s = frame[0]["skew_s"]
        write_frame(channel, *answer(handler, *frame))


def die_with_emulator(lifeline: int) -> None:
    """Wait for the end of the lifeline, then end at once, whatever the handler is doing."""
    while os.read(lifeline, 1):
        pass
    os._exit(1)


def refuse_leaving_the_machine(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: a rehearsal never touches a network other than loopback."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) and address else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if not isinstance(host, str) or host in ("localhost", "::1") or host.startswith("127."):
        return
    raise OSError(
        errno.ENETUNREACH,
        f"the emulated Lambda may reach loopback only, not {host!r}: use AWS_ENDPOINT_URL",
    )


class OnImport:
    """Import hook: whoever imports a module gets it with what the emulated world adds to it."""

    def __init__(self, module: str, add: Callable[[Any], None]) -> None:
        self._module = module
        self._add = add

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:  # noqa: ARG002  # the protocol of finders
        """Find the module as it is found without us, and wrap what loads it."""
        if name != self._module:
            return None
        sys.meta_path.remove(self)  # pyright: ignore[reportArgumentType]  # a finder by its shape
        finders: list[Any] = sys.meta_path
        spec = next(found for each in finders if (found := each.find_spec(name, None)))
        load = spec.loader.exec_module

        def load_and_add(module: Any) -> None:
            load(module)
            self._add(module)

        spec.loader.exec_module = load_and_add
        return spec


def load_beside(name: str) -> Any:
    """Load a module that lies beside this file and on nobody's path."""
    path = os.path.join(os.path.dirname(__file__), f"{name}.py")  # noqa: PTH118, PTH120
    spec: Any = importlib.util.spec_from_file_location(f"_emulated_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class HandlerError(Exception):
    """The handler cannot be loaded. `kind` is AWS's error type."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


def load_handler(name: str) -> Callable[[Any, Any], Any]:
    """Import the module of `module.function` and return the function."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        reason = "not enough values to unpack (expected 2, got 1)"
        raise HandlerError("Runtime.MalformedHandlerName", f"Bad handler '{name}': {reason}")
    try:
        module: Any = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise HandlerError("Runtime.ImportModuleError", message) from error
    except SyntaxError as error:
        message = f"Syntax error in module '{module_name}': {error}"
        raise HandlerError("Runtime.UserCodeSyntaxError", message) from error
    if not hasattr(module, function_name):
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise HandlerError("Runtime.HandlerNotFound", message)
    return getattr(module, function_name)


class Context:
    """The handler's second argument, as AWS's runtime passes it."""

    identity = None
    client_context = None

    def __init__(self, request: dict[str, Any]) -> None:
        environment = os.environ
        self.aws_request_id: str = request["request_id"]
        self.invoked_function_arn: str = request["arn"]
        self.function_name = environment.get("AWS_LAMBDA_FUNCTION_NAME", "")
        self.function_version = environment.get("AWS_LAMBDA_FUNCTION_VERSION", "")
        self.memory_limit_in_mb = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
        self.log_group_name = environment.get("AWS_LAMBDA_LOG_GROUP_NAME", "")
        self.log_stream_name = environment.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
        self._deadline_s: float = request["deadline_s"]
        self._speed: float = request["speed"]

    def get_remaining_time_in_millis(self) -> int:
        """Emulated milliseconds until this invocation times out."""
        return max(int((self._deadline_s - _real_time()) * self._speed * 1000), 0)


def answer(
    handler: Callable[[Any, Any], Any], request: dict[str, Any], payload: bytes
) -> tuple[dict[str, str], bytes]:
    """Run the handler once. Whatever ends the process (`sys.exit`) is left to end it."""
    request_id = request["request_id"]
    os.environ["_X_AMZN_TRACE_ID"] = request["trace_id"]
    format_logging(request_id)
    try:
        result = handler(json.loads(payload), Context(request))
        try:
            body = json.dumps(result, ensure_ascii=False).encode()
        except (TypeError, ValueError) as error:
            message = f"Unable to marshal response: {error}"
            raise HandlerError("Runtime.MarshalError", message) from error
        outcome = {"kind": "result"}, body
    except Exception as error:  # noqa: BLE001  # any error of the handler is its answer
        outcome = {"kind": "error"}, failure(error, request_id)
    sys.stdout.flush()
    sys.stderr.flush()
    return outcome


def failure(error: Exception, request_id: str) -> bytes:
    """The error as AWS returns it; it is printed too, as AWS's runtime does."""
    import traceback

    if isinstance(error, HandlerError):
        kind, frames = error.kind, []
    else:
        kind = type(error).__name__
        frames = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
    print(f"[ERROR] {kind}: {error}")  # noqa: T201  # standard output is the log here
    if frames:
        print("Traceback (most recent call last):\n" + "".join(frames), end="")  # noqa: T201
    sys.stdout.flush()
    body = {
        "errorMessage": str(error),
        "errorType": kind,
        "requestId": request_id,
        "stackTrace": frames,
    }
    return json.dumps(body).encode()


def format_logging(request_id: str) -> None:
    """Give the package's `logging`, if it uses it, the handler and format that Lambda gives it."""
    logging: Any = sys.modules.get("logging")
    if logging is None:
        return
    if not logging.root.handlers:
        logging.basicConfig(stream=sys.stdout, level=logging.WARNING)
    line = f"[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t{request_id}\t%(message)s"
    formatter = logging.Formatter(line, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    for handler in logging.root.handlers:
        handler.setFormatter(formatter)


def read_frame(channel: int) -> tuple[dict[str, Any], bytes] | None:
    """The next frame; None when the channel has ended."""
    lengths = read_exactly(channel, 2 * _LENGTH_BYTES)
    if lengths is None:
        return None
    meta = read_exactly(channel, int.from_bytes(lengths[:_LENGTH_BYTES], "big"))
    body = read_exactly(channel, int.from_bytes(lengths[_LENGTH_BYTES:], "big"))
    return None if meta is None or body is None else (json.loads(meta), body)


def read_exactly(channel: int, wanted: int) -> bytes | None:
    """`wanted` bytes; None when the channel ends first."""
    parts: list[bytes] = []
    while wanted:
        part = os.read(channel, min(wanted, _READ_BYTES))
        if not part:
            return None
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)


def write_frame(channel: int, meta: dict[str, str], body: bytes) -> None:
    """Write one frame, however many writes it takes."""
    head = json.dumps(meta).encode()
    lengths = len(head).to_bytes(_LENGTH_BYTES, "big") + len(body).to_bytes(_LENGTH_BYTES, "big")
    frame = memoryview(lengths + head + body)
    while frame:
        frame = frame[os.write(channel, frame) :]


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
