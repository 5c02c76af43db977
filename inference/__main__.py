"""Command line: build, inspect and verify releases.

Exit codes: 0 done, 1 refused or not as it should be, 2 bad usage.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from inference.errors import InferenceError, ModelModuleError
from inference.verify import Inspected, inspect_release, verify_release

if TYPE_CHECKING:
    from inference.release import Built

app = typer.Typer(
    help="Build the package that serves a scikit-learn model from Lambda, and check it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console()
err = Console(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
ZipPath = Annotated[Path, typer.Argument(help="A release.zip.", metavar="ZIP")]


class Runtime(StrEnum):
    """Which runtime a release is for."""

    auto = "auto"
    arrays = "arrays"
    joblib = "joblib"


def _fail(error: InferenceError) -> NoReturn:
    err.print(f"[red]refused:[/red] {error}", highlight=False, soft_wrap=True)
    raise typer.Exit(2 if isinstance(error, ModelModuleError) else 1)


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def _print_facts(facts: dict[str, Any]) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in facts.items():
        table.add_row(f"[bold]{name}[/bold]", str(value))
    out.print(table, soft_wrap=True)


def _metrics(metrics: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())


def _parity(parity: dict[str, Any]) -> str:
    if not parity["rows"]:
        return "not compared"
    return (
        f"{parity['rows']} rows, {parity['thresholds']} thresholds, "
        f"worst difference {parity['worst_difference']:g}"
    )


@app.command()
def release(
    *,
    out_dir: Annotated[Path, typer.Option("--out", help="Where to put it.")] = Path(
        "build/release"
    ),
    model: Annotated[
        str, typer.Option(help="Model module: has a function train(seed) -> TrainedModel.")
    ] = "inference.example",
    seed: Annotated[int, typer.Option(help="Handed to train().", min=0, max=2**32 - 1)] = 0,
    runtime: Annotated[
        Runtime,
        typer.Option(
            help="arrays: standard library, refused without parity. joblib: scikit-learn in a "
            "container. auto: arrays, or joblib with the reason."
        ),
    ] = Runtime.auto,
    python: Annotated[
        list[str] | None,
        typer.Option(
            help="Put bytecode in for this interpreter too: the version that Lambda runs, if "
            "another than this one. May be given again.",
            metavar="PATH",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train a model, export it, check parity with scikit-learn, and pack it."""
    from inference.release import Order, build_release

    order = Order(
        out=out_dir,
        module=model,
        seed=seed,
        runtime=runtime.value,
        pythons=tuple(python or ()),
    )
    try:
        built = build_release(order, say=lambda line: err.print(f"[dim]{line}[/dim]"))
    except InferenceError as error:
        _fail(error)
    if as_json:
        _print_json(asdict(built))
    else:
        _print_built(built)


def _print_built(built: Built) -> None:
    _print_facts(
        {
            "release": built.release_digest,
            "package": built.package_digest,
            "file": f"{built.path} ({built.size_bytes / 1000:.0f} kB)",
            "runtime": f"{built.runtime}: {built.reason}",
            "hold-out": _metrics(built.metrics),
            "parity": _parity(built.parity),
        }
    )


def _print_inspected(found: Inspected) -> None:
    manifest = found.manifest
    _print_facts(
        {
            "release": found.release_digest,
            "package": found.package_digest,
            "size": f"{found.size_bytes / 1000:.0f} kB, {len(manifest['files'])} files",
            "model": f"{manifest['name']}, {manifest['task']}",
            "labels": ", ".join(manifest["labels"] or ["none"]),
            "features": ", ".join(feature["name"] for feature in manifest["features"]),
            "runtime": f"{manifest['runtime']}: {manifest['runtime_reason']}",
            "hold-out": _metrics(manifest["metrics"]),
            "parity": _parity(manifest["parity"]),
            "versions": ", ".join(f"{k} {v}" for k, v in manifest["versions"].items()),
        }
    )


@app.command()
def inspect(path: ZipPath, *, as_json: AsJson = False) -> None:
    """Show what a release says of itself."""
    try:
        found = inspect_release(path)
    except InferenceError as error:
        _fail(error)
    if as_json:
        _print_json(asdict(found))
    else:
        _print_inspected(found)


@app.command()
def verify(path: ZipPath, *, as_json: AsJson = False) -> None:
    """Check every file of a release against its manifest, and its golden answers."""
    try:
        found = verify_release(path)
    except InferenceError as error:
        _fail(error)
    if as_json:
        facts = asdict(found)
        del facts["manifest"]
        _print_json(facts)
    else:
        for problem in found.problems:
            err.print(f"[red]wrong:[/red] {problem}", highlight=False, soft_wrap=True)
        if not found.problems:
            checked = "whole and right" if found.answers_checked else "whole (answers not asked)"
            out.print(f"{checked}: {found.release_digest}", soft_wrap=True)
    if found.problems:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
