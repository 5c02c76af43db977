"""Build a release: train, export, check parity, pack.

A release is one zip: the serving code, the model as arrays, the manifest that pins every
file, and golden requests with their answers. Beside it lie a copy of the manifest, the
parity report and the joblib original, which is never inside (unless the release is one
for the joblib runtime). The same inputs give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

import joblib

from inference.errors import ExportError, ParityError, ReleaseError
from inference.export import export_pipeline, write_export
from inference.golden import golden_file, golden_requests
from inference.manifest import describe, manifest_text
from inference.model import load_model_module
from inference.package import files_of, stage_sources, write_zip
from inference.parity import Parity, check_parity
from inference.serving.release import GOLDEN_FILE, MANIFEST_FILE, MODEL_DIRECTORY, Manifest
from inference.serving.service import Service, load_arrays
from inference.sklearn_runtime import JOBLIB_FILE, load_joblib

if TYPE_CHECKING:
    from collections.abc import Callable

    from inference.export import Export
    from inference.model import TrainedModel
    from inference.package import Runtime

RELEASE_FILE = "release.zip"
ORIGINAL_FILE = "model.joblib"
PARITY_FILE = "parity.json"
LOADERS = {"arrays": load_arrays, "joblib": load_joblib}


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to build.

    Attributes:
        out: where to; made if missing.
        module: the model module.
        seed: handed to its `train`.
        runtime: `arrays` refuses what cannot be exported with parity, `auto` falls to the
            joblib runtime with the reason, `joblib` asks for that.
        pythons: interpreters to put bytecode in for, besides the one that builds.
    """

    out: Path
    module: str = "inference.example"
    seed: int = 0
    runtime: Literal["auto", "arrays", "joblib"] = "auto"
    pythons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Built:
    """A release that was built.

    Attributes:
        path: the zip.
        release_digest: SHA-256 of its manifest; names the release.
        package_digest: SHA-256 of the zip; names the package.
        size_bytes: of the zip.
        runtime, reason: which runtime it is for, and why.
        metrics: hold-out metrics.
        parity: rows, thresholds, worst difference.
    """

    path: Path
    release_digest: str
    package_digest: str
    size_bytes: int
    runtime: Runtime
    reason: str
    metrics: dict[str, float]
    parity: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Decision:
    runtime: Runtime
    reason: str
    parity: Parity
    export: Export | None


def build_release(order: Order, *, say: Callable[[str], None] = lambda _: None) -> Built:
    """Train, export, check, pack and put in place.

    Every file is complete before it gets its name. `release.zip` is taken away first and
    put in place last: where it is, what lies beside it belongs to it.

    Raises:
        ModelModuleError: the model module is not one.
        ExportError, ParityError: with `runtime="arrays"`, the model cannot run on it.
        ReleaseError: the release cannot be written.
    """
    say(f"training {order.module}, seed {order.seed}")
    model = load_model_module(order.module)(order.seed)
    decision = _decide(model, order, say)
    say(f"packing for the {decision.runtime} runtime")
    try:
        order.out.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".building-", dir=order.out) as name:
            finished = Path(name)
            _finish(model, decision, order, finished)
            return _put_in_place(finished, order.out)
    except OSError as error:
        message = f"cannot write the release into {order.out}: {error}; give another --out"
        raise ReleaseError(message) from error


def _decide(model: TrainedModel, order: Order, say: Callable[[str], None]) -> _Decision:
    """The runtime, and why: the parity gate."""
    untested = Parity(
        passed=False, reason="", score_tolerance=0.0, answer_tolerance=0.0, comparisons=()
    )
    if order.runtime == "joblib":
        return _Decision(runtime="joblib", reason="asked for", parity=untested, export=None)
    try:
        export = export_pipeline(model.pipeline, len(model.features))
    except ExportError as error:
        if order.runtime == "arrays":
            raise
        return _Decision(runtime="joblib", reason=str(error), parity=untested, export=None)
    parity = check_parity(model, export, say=say)
    if parity.passed:
        return _Decision(runtime="arrays", reason="parity holds", parity=parity, export=export)
    reason = f"no parity with scikit-learn: {parity.reason}"
    if order.runtime == "arrays":
        raise ParityError(f"{reason}; --runtime auto would release it for the joblib runtime")
    return _Decision(runtime="joblib", reason=reason, parity=parity, export=None)


def _finish(model: TrainedModel, decision: _Decision, order: Order, finished: Path) -> None:
    """Make the four files of a release in `finished`."""
    package = finished / "package"
    package.mkdir()
    joblib.dump(model.pipeline, finished / ORIGINAL_FILE)
    stage_sources(package, decision.runtime, order.pythons)
    if decision.export is None:
        (package / MODEL_DIRECTORY).mkdir()
        (package / JOBLIB_FILE).write_bytes((finished / ORIGINAL_FILE).read_bytes())
    else:
        write_export(decision.export, package / MODEL_DIRECTORY)
    facts = describe(
        model,
        runtime=decision.runtime,
        reason=decision.reason,
        parity=decision.parity.summary(),
        seed=order.seed,
    )
    _write_manifest(package, facts)
    _write_golden(model, package, decision.runtime)
    _write_manifest(package, facts)
    (finished / MANIFEST_FILE).write_bytes((package / MANIFEST_FILE).read_bytes())
    report = json.dumps(decision.parity.as_dict(), indent=1) + "\n"
    (finished / PARITY_FILE).write_text(report, encoding="ascii")
    write_zip(package, finished / RELEASE_FILE)


def _write_manifest(package: Path, facts: dict[str, Any]) -> None:
    """Pin every file that is there now."""
    files = {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files_of(package).items()
        if name != MANIFEST_FILE
    }
    text = manifest_text({**facts, "files": files})
    (package / MANIFEST_FILE).write_text(text, encoding="ascii")


def _write_golden(model: TrainedModel, package: Path, runtime: Runtime) -> None:
    """Have the package itself answer: the answers are those it will give when deployed."""
    manifest = Manifest(str(package))
    service = Service(manifest, LOADERS[runtime](manifest), {})
    golden = golden_file(golden_requests(model), service.predictions)
    text = json.dumps(golden, separators=(",", ":"), allow_nan=False) + "\n"
    (package / GOLDEN_FILE).write_text(text, encoding="ascii")


def _put_in_place(finished: Path, out: Path) -> Built:
    (out / RELEASE_FILE).unlink(missing_ok=True)
    for name in (ORIGINAL_FILE, PARITY_FILE, MANIFEST_FILE, RELEASE_FILE):
        os.replace(finished / name, out / name)  # noqa: PTH105 (atomic, as its docs promise)
    manifest = (out / MANIFEST_FILE).read_bytes()
    package = (out / RELEASE_FILE).read_bytes()
    facts = json.loads(manifest)
    return Built(
        path=out / RELEASE_FILE,
        release_digest=hashlib.sha256(manifest).hexdigest(),
        package_digest=hashlib.sha256(package).hexdigest(),
        size_bytes=len(package),
        runtime=facts["runtime"],
        reason=facts["runtime_reason"],
        metrics=facts["metrics"],
        parity=facts["parity"],
    )
