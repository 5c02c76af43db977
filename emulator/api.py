"""The AWS endpoint: moto's WSGI applications behind a front door.

The door decides, in this order: is the Region (or bucket) that must answer lost, then the
connection is closed without an answer, as a network does; who calls; may they. Then moto answers,
one call a service at a time (moto's stores are not safe for threads), and S3 writes are told to
replication.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Final, Protocol

from emulator.door import actions, callers, s3_actions
from emulator.door.callers import RefusedError
from emulator.door.refusals import Answer, NoAnswerError, Refusal, access_denied, render
from emulator.door.request import from_environ
from emulator.policy import PolicyError
from emulator.store.backends import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from emulator.door.request import ApiRequest
    from emulator.faults import FaultBoard
    from emulator.policy import Document

_NOT_FOUND: Final = 404
_SUCCESS: Final = range(200, 300)
# moto reads these when it is imported: no CORS layer, no AMI table, AWS's managed policies loaded
# (programs attach them by ARN).
_MOTO_ENVIRONMENT: Final = {
    "MOTO_DISABLE_GLOBAL_CORS": "true",
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_ACM_VALIDATION_WAIT": "0",
}


class Buckets(Protocol):
    """What the door asks about buckets, and tells of writes to them."""

    def region_of(self, bucket: str) -> str | None:
        """The bucket's own Region; None when there is no such bucket."""
        ...

    def policies_of(self, bucket: str) -> tuple[Document, ...]:
        """The bucket's policy, where it has one."""
        ...

    def written(self, bucket: str, key: str | None) -> None:
        """Something changed in the bucket, under `key` if that is known."""
        ...

    def replication_status(self, bucket: str, key: str, version: str | None) -> str | None:
        """PENDING, COMPLETED, FAILED, REPLICA, or None when no rule covers the object."""
        ...


def prepare_moto() -> None:
    """Set moto's switches and empty its stores. To be called before anything imports moto."""
    os.environ.update(_MOTO_ENVIRONMENT)
    from moto.moto_api._internal.models import moto_api_backend

    moto_api_backend.reset()


class FrontDoor:
    """Answers one AWS call after the other; called from the server's threads."""

    def __init__(self, faults: FaultBoard, buckets: Buckets) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self._faults = faults
        self._buckets = buckets
        self._application = DomainDispatcherApplication(create_backend_app)
        self._locks: dict[str, threading.RLock] = {}

    def lock_of(self, service: str) -> threading.RLock:
        """Held while moto answers a call of this service; hold it to read and write as one."""
        return self._locks.setdefault(service, threading.RLock())

    def answer(self, environ: dict[str, Any]) -> Answer:
        """Answer a call whose body is in memory.

        Raises:
            NoAnswerError: The Region or bucket asked for is lost.
        """
        request = from_environ(environ)
        self._refuse_if_lost(request)
        try:
            caller = callers.identify(request.access_key)
            if not caller.administrator:
                self._authorize(caller, request)
            self._refuse_wrong_region(request)
        except RefusedError as error:
            return render(error.refusal, request)
        answer = self._call_moto(request, environ)
        self._refuse_if_lost(request)
        if request.bucket is not None:
            answer = self._after_s3(request, caller, answer)
        return answer

    def _refuse_if_lost(self, request: ApiRequest) -> None:
        lost = self._faults.region_lost(request.region)
        if request.bucket is not None:
            own_region = self._buckets.region_of(request.bucket)
            # A call on another Region's bucket needs that Region, whatever it was signed for.
            lost = self._faults.bucket_lost(request.bucket) or self._faults.region_lost(
                own_region or request.region
            )
        if lost:
            raise NoAnswerError(f"{request.service} in {request.region} is lost")

    def _authorize(self, caller: callers.Caller, request: ApiRequest) -> None:
        if request.service == "s3":
            needs = s3_actions.needs(request)
            resource_policies = self._buckets.policies_of(request.bucket or "")
        else:
            needs = actions.needs(request, ACCOUNT)
            resource_policies = ()
        for need in needs:
            try:
                decision = caller.may(need, resource_policies)
            except PolicyError as error:
                raise RefusedError(access_denied(caller.arn, str(error))) from error
            if not decision:
                raise RefusedError(access_denied(caller.arn, decision.reason))

    def _refuse_wrong_region(self, request: ApiRequest) -> None:
        """S3 sends callers who signed for another Region to the bucket's own; SDKs follow."""
        own = self._buckets.region_of(request.bucket) if request.bucket else None
        creates = request.method == "PUT" and not request.key and not request.query_string
        if own is None or own == request.region or creates or "location" in request.query:
            return
        raise RefusedError(
            Refusal(
                code="AuthorizationHeaderMalformed",
                message=f"The authorization header is malformed; the region '{request.region}' is "
                f"wrong; expecting '{own}'",
                status=400,
                bucket_region=own,
            )
        )

    def _call_moto(self, request: ApiRequest, environ: dict[str, Any]) -> Answer:
        # An invocation waits for a function that may call back here: it must hold no lock.
        if request.service == "lambda":
            return _run(self._application, environ)
        with self.lock_of(request.service):
            return _run(self._application, environ)

    def _after_s3(self, request: ApiRequest, caller: callers.Caller, answer: Answer) -> Answer:
        bucket = request.bucket or ""
        if request.method in ("PUT", "POST", "DELETE"):
            if answer.status in _SUCCESS:
                self._buckets.written(bucket, request.key)
            return answer
        if answer.status == _NOT_FOUND and not caller.administrator:
            need = s3_actions.missing_key_need(request)
            if need and not caller.may(need, self._buckets.policies_of(bucket)):
                # Who may not list is not told what does not exist.
                # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
                refusal = access_denied(caller.arn, f"no policy statement allows {need.action}")
                return render(refusal, request)
        if request.key and answer.status in _SUCCESS:
            version = dict(answer.headers).get("x-amz-version-id")
            status = self._buckets.replication_status(bucket, request.key, version)
            if status:
                headers = (*answer.headers, ("x-amz-replication-status", status))
                return Answer(status=answer.status, headers=headers, body=answer.body)
        return answer


def _run(application: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> Answer:
    """Run a WSGI application to its end."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _exc_info: object = None
    ) -> Callable[[bytes], None]:
        started.append((status, headers))
        return lambda _data: None

    chunks = application(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    status, headers = started[-1]
    return Answer(status=int(status.split(" ", 1)[0]), headers=tuple(headers), body=body)
