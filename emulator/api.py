"""The AWS endpoint: moto's WSGI applications behind a front door.

The door decides, in this order: is the Region (or bucket) that must answer lost, then the
connection is closed without an answer, as a network does; is the service asked too often; who
calls; may they. Then moto answers, one call a service at a time (moto's stores are not safe for
threads), and S3 writes are told to replication.
"""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from emulator import moto_environment
from emulator.door import actions, callers, s3_actions, s3_keys, throttling
from emulator.door.callers import RefusedError
from emulator.door.refusals import Answer, NoAnswerError, Refusal, access_denied, render
from emulator.door.request import from_environ
from emulator.policy import PolicyError
from emulator.store.backends import ACCOUNT
from emulator.tables import door as table_door

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from emulator.door.request import ApiRequest
    from emulator.faults import FaultBoard
    from emulator.storage.objects import Objects
    from emulator.storage.replication import Replicator
    from emulator.tables import TableReplicator

_NOT_FOUND: Final = 404
_SUCCESS: Final = range(200, 300)


def prepare_moto() -> None:
    """Empty moto's stores and set its switches (`emulator.moto_environment`)."""
    os.environ[moto_environment.MANAGED_POLICIES] = "false"  # or each reset builds 1,500 policies
    from moto.moto_api._internal.models import moto_api_backend

    moto_api_backend.reset()
    moto_environment.apply()


class FrontDoor:
    """Answers one AWS call after the other; called from the server's threads."""

    def __init__(
        self,
        faults: FaultBoard,
        objects: Objects,
        replicator: Replicator,
        tables: TableReplicator | None = None,
        *,
        own: Mapping[str, Callable[[ApiRequest], Answer]] | None = None,
    ) -> None:
        """`own`: what answers services that moto does not have, by the name they are signed for."""
        self._faults = faults
        self._objects = objects
        self._replicator = replicator
        self._application = _moto_application()
        self._tables = tables
        self._own = dict(own or {})
        self._locks: dict[str, threading.RLock] = {"s3": objects.lock}
        if tables is not None:
            self._locks["dynamodb"] = tables.lock

    def answer(self, environ: dict[str, Any]) -> Answer:
        """Answer a call whose body is in memory.

        Raises:
            NoAnswerError: The Region or bucket asked for is lost.
        """
        request = from_environ(environ)
        self._refuse_if_lost(request)
        try:
            self._refuse_if_throttled(request)
            caller = callers.identify(request.access_key)
            self._refuse_if_expired(caller)
            if not caller.administrator:
                self._authorize(caller, request)
            self._refuse_wrong_region(request)
            self._refuse_unusable_key(request)
        except RefusedError as error:
            return render(error.refusal, request)
        answer = self._call_service(request, environ)
        self._refuse_if_lost(request)
        if request.bucket is not None:
            answer = self._after_s3(request, caller, answer)
        return answer

    def _refuse_if_lost(self, request: ApiRequest) -> None:
        lost = self._faults.region_lost(request.region)
        if request.bucket is not None:
            own_region = self._objects.region_of(request.bucket)
            # A call on another Region's bucket needs that Region, whatever it was signed for.
            lost = self._faults.bucket_lost(request.bucket) or self._faults.region_lost(
                own_region or request.region
            )
        if lost:
            raise NoAnswerError(f"{request.service} in {request.region} is lost")

    def _refuse_if_throttled(self, request: ApiRequest) -> None:
        own_region = self._objects.region_of(request.bucket) if request.bucket else None
        if self._faults.api_throttled(own_region or request.region, request.service):
            raise RefusedError(throttling.refusal(request.service))

    def _refuse_if_expired(self, caller: callers.Caller) -> None:
        if self._faults.credentials_expired(caller.principal_arn):
            raise RefusedError(callers.expired(caller.arn))

    def _authorize(self, caller: callers.Caller, request: ApiRequest) -> None:
        if request.service == "s3":
            needs = [*s3_actions.needs(request), *s3_keys.needs(request, self._objects)]
            resource_policies = self._objects.policies_of(request.bucket or "")
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
        own = self._objects.region_of(request.bucket) if request.bucket else None
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

    def _refuse_unusable_key(self, request: ApiRequest) -> None:
        refusal = s3_keys.refusal(request, self._objects) if request.bucket else None
        if refusal is not None:
            raise RefusedError(refusal)

    def _call_service(self, request: ApiRequest, environ: dict[str, Any]) -> Answer:
        if request.service in self._own:
            return self._own[request.service](request)
        # An invocation waits for a function that may call back here: it must hold no lock.
        if request.service == "lambda":
            return _run(self._application, environ)
        with self._locks.setdefault(request.service, threading.RLock()):
            if request.service == "dynamodb" and self._tables is not None:
                return self._call_table(self._tables, request, environ)
            return _run(self._application, environ)

    def _call_table(
        self, tables: TableReplicator, request: ApiRequest, environ: dict[str, Any]
    ) -> Answer:
        """A call on a table that may have replicas: nothing comes between it and its sending."""
        operation = table_door.operation_of(request)
        refusal = table_door.refusal(request, tables) or tables.past.before(operation, request)
        if refusal is not None:
            return render(refusal, request)
        answer = _run(self._application, environ)
        if answer.status in _SUCCESS:
            tables.past.after(operation, request)
            for name, key in table_door.writes(request):
                tables.written(request.region, name, [key])
        return answer

    def _after_s3(self, request: ApiRequest, caller: callers.Caller, answer: Answer) -> Answer:
        bucket = request.bucket or ""
        if request.method in ("PUT", "POST", "DELETE"):
            if answer.status in _SUCCESS:
                self._replicator.written(bucket, request.key)
                if request.key and "tagging" in request.query:
                    version_id = request.query.get("versionId")
                    self._replicator.changed(bucket, request.key, version_id)
            return answer
        if answer.status == _NOT_FOUND and not caller.administrator:
            need = s3_actions.missing_key_need(request)
            if need and not caller.may(need, self._objects.policies_of(bucket)):
                # Who may not list is not told what does not exist.
                # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
                refusal = access_denied(caller.arn, f"no policy statement allows {need.action}")
                return render(refusal, request)
        if request.key and answer.status in _SUCCESS:
            version = dict(answer.headers).get("x-amz-version-id")
            status = self._replicator.status_of(bucket, request.key, version)
            if status:
                headers = (*answer.headers, ("x-amz-replication-status", status))
                return Answer(status=answer.status, headers=headers, body=answer.body)
        return answer


@lru_cache(maxsize=1)
def _moto_application() -> Callable[..., Iterable[bytes]]:
    """Moto's applications: one for the process, as its stores are."""
    from emulator.door.dispatch import Dispatcher

    return Dispatcher()


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
