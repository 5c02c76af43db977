"""One release, served: routes, predictions, health.

`open_service` never fails: a release that cannot be loaded still answers, with 503 and
the reason, so that the health check can say what is wrong instead of timing out.
"""

from __future__ import annotations

import os
from time import perf_counter

from inference.serving.arrays import ArraysError
from inference.serving.evaluate import load_model
from inference.serving.http import Reply, Request
from inference.serving.preprocessing import UnanswerableError
from inference.serving.problems import ProblemError, error, invalid
from inference.serving.readiness import Readiness
from inference.serving.records import Recorder
from inference.serving.release import MANIFEST_FILE, MODEL_DIRECTORY, Manifest
from inference.serving.telemetry import Telemetry
from inference.serving.validation import Validator, parse_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    from inference.serving.links import Answer

    class Predictor(Protocol):
        """A loaded model of either runtime."""

        def predict(self, rows: list[list[Any]]) -> list[Answer]:
            """One answer a row; `UnanswerableError` where there is none."""
            ...

    LoadPredictor = Callable[[Manifest], Predictor]

PROBLEM = "application/problem+json"
MODEL_FACTS = (
    "name",
    "runtime",
    "task",
    "features",
    "labels",
    "limits",
    "metrics",
    "training",
    "parity",
    "versions",
)


def load_arrays(manifest: Manifest) -> Predictor:
    """The runtime of the standard library: the exported arrays."""
    return load_model(f"{manifest.root}/{MODEL_DIRECTORY}")


def _readiness_reply(*, ready: bool) -> Reply:
    """What a health check needs and no more: whoever else asks learns nothing of what is served."""
    return Reply(200 if ready else 503, {"ready": ready})


class Service:
    """A loaded release: answers requests in the form of a load balancer's events."""

    def __init__(
        self,
        manifest: Manifest,
        predictor: Predictor,
        environ: Mapping[str, str],
        *,
        load_ms: float = 0.0,
    ) -> None:
        facts = manifest.facts
        self.release = manifest.digest
        self.region = environ.get("AWS_REGION", "")
        self.telemetry = Telemetry(environ, self.release, load_ms)
        self._facts = facts
        self._labels: list[str] | None = facts["labels"]
        self._predictor = predictor
        self._validator = Validator(facts["features"], facts["limits"]["rows"])
        self._names: list[str] = [feature["name"] for feature in facts["features"]]
        self._recorder = Recorder(facts["features"], self.release, self.region)
        self._readiness = Readiness(manifest, environ.get("UNDERSTUDY_RELEASE_DIGEST"))

    def predictions(self, request: Any) -> list[dict[str, Any]]:
        """The predictions of a parsed request: what a reply holds, before its envelope.

        Raises:
            ProblemError: the request is not valid, or the model has no answer for a row.
        """
        return self._answers(self._validator.rows(request))

    def _answers(self, rows: list[list[Any]]) -> list[dict[str, Any]]:
        try:
            answers = self._predictor.predict(rows)
        except UnanswerableError:
            raise self._unanswerable(rows) from None
        return [self._prediction(answer) for answer in answers]

    def _unanswerable(self, rows: list[list[Any]]) -> ProblemError:
        """Find the row that has no answer; only then is it asked for one by one."""
        for number, row in enumerate(rows):
            try:
                self._predictor.predict([row])
            except UnanswerableError as reason:
                field = f"rows[{number}]"
                return invalid(
                    "Nothing was predicted. The model has no answer for this row",
                    [error(field, reason.expected)],
                )
        return invalid("The model has no answer for these rows together", [])

    def _prediction(self, answer: Answer) -> dict[str, Any]:
        if self._labels is None:
            return {"value": answer.numbers[0]}
        return {
            "label": self._labels[answer.index],
            "probabilities": dict(zip(self._labels, answer.numbers, strict=True)),
        }

    def predict(self, request: Request) -> Reply:
        """`POST /v1/predict`."""
        rows = self._validator.rows(parse_json(request.body()))
        predictions = self._answers(rows)
        self._recorder.write(request.request_id, rows, predictions)
        request.rows = len(rows)
        return Reply(200, {"predictions": predictions, "release": self.release})

    def failures(self) -> list[dict[str, str]]:
        """What is wrong with the release, one entry each; empty means ready."""
        return self._readiness.failures(self.predictions)

    def live(self, _: Request) -> Reply:
        """`GET /health/live`: the process answers."""
        return Reply(200, {"live": True})

    def ready(self, request: Request) -> Reply:
        """`GET /health/ready`: the release is whole, right, and the one deployed."""
        failures = self.failures()
        if failures:
            self.telemetry.unready(request.request_id, failures)
        return _readiness_reply(ready=not failures)

    def model(self, _: Request) -> Reply:
        """`GET /v1/model`: what is served, from the manifest."""
        facts = {name: self._facts[name] for name in MODEL_FACTS}
        return Reply(200, {"release": self.release, **facts})


class BrokenService:
    """Stands in for a release that could not be loaded."""

    def __init__(self, root: str, reason: str, environ: Mapping[str, str]) -> None:
        self.release = "unknown"
        self.region = environ.get("AWS_REGION", "")
        self._failures = [{"check": "load", "name": MANIFEST_FILE, "reason": reason}]
        try:
            manifest = Manifest(root)
            self.release = manifest.digest
            # The digests say which file is to blame.
            readiness = Readiness(manifest, environ.get("UNDERSTUDY_RELEASE_DIGEST"))
            self._failures = [
                {"check": "load", "name": MODEL_DIRECTORY, "reason": reason},
                *readiness.package_failures(),
            ]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
        self.telemetry = Telemetry(environ, self.release, 0.0)

    def failures(self) -> list[dict[str, str]]:
        """Why it could not be loaded, one entry each."""
        return self._failures

    def live(self, _: Request) -> Reply:
        """`GET /health/live`: the process answers."""
        return Reply(200, {"live": True})

    def ready(self, request: Request) -> Reply:
        """`GET /health/ready`: not ready; the log says why."""
        self.telemetry.unready(request.request_id, self._failures)
        return _readiness_reply(ready=False)

    def predict(self, _: Request) -> Reply:
        """Everything else: unavailable."""
        title = "The release cannot be loaded"
        detail = "Its log says what is wrong; deploy a whole release"
        raise ProblemError(503, "not-loaded", title, detail)

    model = predict


def open_service(
    root: str, load: LoadPredictor, environ: Mapping[str, str] = os.environ
) -> Service | BrokenService:
    """Load the release in `root`."""
    began_s = perf_counter()
    try:
        manifest = Manifest(root)
        predictor = load(manifest)
        load_ms = round((perf_counter() - began_s) * 1000, 3)
        return Service(manifest, predictor, environ, load_ms=load_ms)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as reason:
        return BrokenService(root, repr(reason), environ)
    except ArraysError as reason:
        return BrokenService(root, str(reason), environ)


ROUTES: dict[str, tuple[str, str]] = {
    "/v1/predict": ("POST", "predict"),
    "/v1/model": ("GET", "model"),
    "/health/live": ("GET", "live"),
    "/health/ready": ("GET", "ready"),
}
HEALTH = ("live", "ready")


def _route(service: Service | BrokenService, request: Request) -> Reply:
    request.check()
    method, name = ROUTES.get(str(request.path), ("", ""))
    if not name:
        detail = f"There is {', '.join(ROUTES)}"
        raise ProblemError(404, "not-found", "There is nothing at this path", detail)
    if request.method != method:
        title = "The path does not take this method"
        raise ProblemError(
            405, "method", title, f"{request.path} takes {method}", headers={"allow": method}
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        title = "The body is encoded"
        raise ProblemError(415, "encoding", title, "Send it without content-encoding")
    answer: Callable[[Request], Reply] = getattr(service, name)
    return answer(request)


def respond(service: Service | BrokenService, event: object, context: object) -> dict[str, Any]:
    """Answer one event, and write down that it was.

    Args:
        service: the loaded release.
        event: what Lambda hands over; anything but a load balancer's event gets 400.
        context: Lambda's context, for its request id.
    """
    began_s = perf_counter()
    request = Request(event, context)
    problem = ""
    try:
        reply = _route(service, request)
    except ProblemError as refused:
        reply, problem = _problem_reply(refused, request), refused.slug
    except Exception as error:  # noqa: BLE001 (Lambda would log its message, which may quote a value)
        service.telemetry.failed(request.request_id, error)
        reply, problem = _problem_reply(_our_fault(), request), "internal"
    route = ROUTES.get(str(request.path), ("", ""))[1]
    if route not in HEALTH:
        service.telemetry.answered(
            request.request_id,
            route,
            reply.status,
            began_s=began_s,
            rows=request.rows,
            problem=problem,
        )
    common = {"x-request-id": request.request_id}
    if route not in HEALTH:
        common["x-understudy-release"] = service.release
        common["x-understudy-region"] = service.region
    return reply.to_event(common, multi_value=request.multi_value)


def _our_fault() -> ProblemError:
    title = "The service failed"
    detail = "Nothing is wrong with the request; try again, and quote its id if it persists"
    return ProblemError(500, "internal", title, detail)


def _problem_reply(problem: ProblemError, request: Request) -> Reply:
    document = problem.document(request.request_id)
    return Reply(problem.status, document, content_type=PROBLEM, headers=problem.headers)
