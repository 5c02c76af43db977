"""What serving costs: ratios, measured side by side in one run.

* fresh process to first answer: interpreter start, import, load, one prediction. The
  exported arrays, the same handler on joblib + scikit-learn, and an empty handler (its
  answer is a constant), turn by turn, each in a clean interpreter. All three read the
  event and write the reply as JSON, as Lambda's own runtime does. The two of the
  standard library run under `-I -S`, the one on scikit-learn with its site-packages.
* one row, warm: the rows rotate, because one repeated row flatters every predictor.
* the same start for a forest of a million nodes.
* the size of the release.

Our packages are compiled before they are measured; scikit-learn is as it is installed
(`./run` compiles it). Medians.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from benchmarks.table import Row
from inference.example import train
from inference.export import export_pipeline, write_export
from inference.release import Order, build_release
from inference.serving.evaluate import load_model
from inference.serving.release import MANIFEST_FILE, Manifest
from inference.serving.service import load_arrays, open_service, respond
from inference.sklearn_runtime import load_joblib

DRIVER = """
import json, sys
sys.path.insert(0, sys.argv[1])
import handler
event = json.loads(sys.stdin.read())
reply = json.dumps(handler.handle(event, None))
sys.stderr.write(reply)
"""
EMPTY_HANDLER = """
def handle(event, context):
    return {"statusCode": 200, "headers": {}, "body": "{}"}
"""
MILLION_NODES = 1_000_000
WARM_ROWS = 400
SKLEARN_ROWS = 60
REPEATS = 7  # of each slow start; the fast ones are taken three times as often


def first_answer_s(root: Path, event: str, *, isolated: bool) -> float:
    """Seconds from starting a process to its first answer's end."""
    flags = ["-I", "-S"] if isolated else ["-I"]
    command = [sys.executable, *flags, "-c", DRIVER, str(root)]
    start = time.perf_counter()
    done = subprocess.run(command, input=event, capture_output=True, text=True, check=True)
    elapsed = time.perf_counter() - start
    if '"statusCode": 200' not in done.stderr:
        raise RuntimeError(f"not an answer: {done.stderr[-500:]}")
    return elapsed


def turn_by_turn(
    roots: dict[str, tuple[Path, bool]], event: str, repeats: int
) -> dict[str, list[float]]:
    """Start each in turn, so that whatever else the machine does falls on all alike."""
    times: dict[str, list[float]] = {name: [] for name in roots}
    for name, (root, isolated) in roots.items():  # warm the disk cache, uncounted
        first_answer_s(root, event, isolated=isolated)
        times[name].clear()
    for _ in range(repeats):
        for name, (root, isolated) in roots.items():
            times[name].append(first_answer_s(root, event, isolated=isolated))
    return times


def unpack(out: Path, runtime: Any) -> Path:
    built = build_release(Order(out=out, runtime=runtime))
    root = out / "unzipped"
    with zipfile.ZipFile(built.path) as archive:
        archive.extractall(root)
    return root


def empty_package(root: Path) -> Path:
    root.mkdir()
    (root / "handler.py").write_text(EMPTY_HANDLER, encoding="ascii")
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, str(root)], check=True)
    return root


def million_nodes(example: Path, root: Path) -> tuple[Path, int]:
    """The example's package around a forest of a million nodes."""
    shutil.copytree(example, root)
    facts = json.loads((root / MANIFEST_FILE).read_text(encoding="ascii"))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20_000, len(facts["features"])))
    y = rng.normal(size=len(x))
    forest = RandomForestRegressor(40, random_state=0, n_jobs=2, max_features=3).fit(x, y)
    export = export_pipeline(forest, x.shape[1])
    nodes = len(export.arrays["feature"])
    if nodes < MILLION_NODES:
        raise RuntimeError(f"the large forest has only {nodes} nodes")
    write_export(export, root / "model")
    (root / MANIFEST_FILE).write_text(json.dumps({**facts, "labels": None}), encoding="ascii")
    return root, nodes


def event_of(row: list[float]) -> str:
    body = json.dumps({"rows": [row]})
    return json.dumps({"httpMethod": "POST", "path": "/v1/predict", "headers": {}, "body": body})


def per_call_s(call: Any, arguments: list[Any]) -> float:
    """Median seconds of one call, each with another argument."""
    times: list[float] = []
    for argument in arguments:
        start = time.perf_counter()
        call(argument)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def warm_ratios(arrays: Path, joblib: Path) -> list[Row]:
    """One row: the model alone, and the whole handler."""
    model = train(0)
    rows = np.concatenate([model.holdout.X, model.train.X])[:WARM_ROWS]
    ours, lists = load_model(str(arrays / "model")), [[row] for row in rows.tolist()]
    ours_s = per_call_s(ours.predict, lists)
    sklearn_s = per_call_s(model.pipeline.predict_proba, list(rows[:SKLEARN_ROWS, None, :]))
    events = [json.loads(event_of(row)) for row in rows.tolist()]
    handled = {
        name: open_service(str(root), load, {})
        for name, root, load in (("arrays", arrays, load_arrays), ("joblib", joblib, load_joblib))
    }
    with contextlib.redirect_stdout(io.StringIO()):  # prediction records
        handler_s = per_call_s(lambda e: respond(handled["arrays"], e, None), events)
        baseline_s = per_call_s(
            lambda e: respond(handled["joblib"], e, None), events[:SKLEARN_ROWS]
        )
    return [
        Row(
            figure="one row, warm: model to scikit-learn's predict_proba",
            value=ours_s / sklearn_s,
            at_most=0.02,
            detail=f"{ours_s * 1e3:.3f} ms to {sklearn_s * 1e3:.2f} ms",
        ),
        Row(
            figure="one row, warm: handler to the joblib handler",
            value=handler_s / baseline_s,
            at_most=0.02,
            detail=f"{handler_s * 1e3:.3f} ms to {baseline_s * 1e3:.2f} ms",
        ),
    ]


def start_ratios(work: Path, arrays: Path, joblib: Path) -> list[Row]:
    facts = Manifest(str(arrays)).facts
    event = event_of([feature["minimum"] for feature in facts["features"]])
    roots = {"arrays": (arrays, True), "empty": (empty_package(work / "empty"), True)}
    large, nodes = million_nodes(arrays, work / "million")
    roots["million"] = (large, True)
    fast = turn_by_turn(roots, event, REPEATS * 3)
    slow = turn_by_turn({"arrays": (arrays, True), "joblib": (joblib, False)}, event, REPEATS)
    name = f"first answer: {nodes} nodes to an empty handler"
    return [
        ratio("first answer: arrays to joblib + scikit-learn", slow, "arrays", "joblib", 0.03),
        ratio("first answer: arrays to an empty handler", fast, "arrays", "empty", 1.5),
        ratio(name, fast, "million", "empty", 1.5),
    ]


def ratio(name: str, times: dict[str, list[float]], ours: str, base: str, target: float) -> Row:
    """Median of the ratios of neighbours in time."""
    pairs = [a / b for a, b in zip(times[ours], times[base], strict=True)]
    medians = {key: statistics.median(values) * 1e3 for key, values in times.items()}
    return Row(
        figure=name,
        value=statistics.median(pairs),
        at_most=target,
        detail=f"{medians[ours]:.1f} ms to {medians[base]:.1f} ms",
    )


def measure() -> list[Row]:
    """Measure starts, warm rows and the size of the example's release."""
    with TemporaryDirectory(prefix="understudy-benchmark-") as name:
        work = Path(name)
        arrays, joblib = unpack(work / "arrays", "arrays"), unpack(work / "joblib", "joblib")
        size = (work / "arrays" / "release.zip").stat().st_size
        return [
            *start_ratios(work, arrays, joblib),
            *warm_ratios(arrays, joblib),
            Row(
                figure="release.zip, MB",
                value=size / 1e6,
                at_most=1.0,
                detail=f"{size / 1e3:.0f} kB",
            ),
        ]
