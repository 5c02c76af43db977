"""Bad model: one Region's alias leads to a version whose model is not what its manifest says.

The version is the deployed one with a byte of its model changed, published and put behind the
alias, as a botched promotion would. What was there is put back, and the version is deleted.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any, Final

from resilience.experiments.catalogue.region_loss import (
    another_serves,
    deadline_s,
    over_and_latched,
)
from resilience.experiments.core.change import Act, Change, performs
from resilience.experiments.core.experiment import Experiment
from resilience.experiments.core.memory import Expected
from resilience.experiments.core.world import CallError

if TYPE_CHECKING:
    from resilience.experiments.core.experiment import View
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.core.world import World

_SERVE, _TAKE_BACK = "serve-a-bad-model", "take-a-bad-model-back"
_MODEL: Final = "model/"
_LOOKS: Final = 60


def _plan(world: World, ground: Ground, drill: Drill) -> tuple[Change, ...]:
    place = ground.place(drill.options.get("region", ground.primary.region))
    where = {"FunctionName": place.function, "region": place.region}
    alias = world.call("lambda", "get_alias", Name=place.alias, **where)
    version = str(alias["FunctionVersion"])
    serving, newest = (
        world.call("lambda", "get_function_configuration", Qualifier=each, **where)["CodeSha256"]
        for each in (version, "$LATEST")
    )
    if serving != newest:
        raise CallError(
            f"lambda get_function_configuration in {place.region}",
            "CodeDiffers",
            f"$LATEST of {place.function} is not the code of version {version}, so that it could "
            "not be put back: deploy the stack again",
        )
    facts = {
        "function": place.function,
        "alias": place.alias,
        "version": version,
        "bucket": place.release_bucket,
        "key": f"releases/{_hex(str(serving))}.zip",
        "mark": f"drill {drill.id}",
    }
    return (
        Change(
            what=f"a version with a changed model behind alias {place.alias} in {place.region}",
            do=Act(kind=_SERVE, region=place.region, facts=facts),
            undo=Act(kind=_TAKE_BACK, region=place.region, facts=facts),
        ),
    )


def _hex(digest: str) -> str:
    import base64

    return base64.b64decode(digest).hex()


def spoiled(package: bytes) -> bytes:
    """Give a release whose model has one byte changed, and whose manifest does not know.

    Raises:
        CallError: there is no model in it.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w") as new:
        models = [each for each in old.infolist() if each.filename.startswith(_MODEL)]
        if not models:
            raise CallError("the release", "NoModel", f"it has no file under {_MODEL}")
        victim = max(models, key=lambda each: each.file_size).filename
        for each in old.infolist():
            content = old.read(each)
            if each.filename == victim:
                middle = len(content) // 2
                flipped = bytes((content[middle] ^ 0xFF,))
                content = content[:middle] + flipped + content[middle + 1 :]
            new.writestr(each, content)
    return out.getvalue()


def _marked(world: World, act: Act) -> list[str]:
    """List the versions that this drill published."""
    found: list[str] = []
    asking: dict[str, Any] = {"FunctionName": act.facts["function"]}
    while True:
        reply = world.call("lambda", "list_versions_by_function", region=act.region, **asking)
        found += [
            str(each["Version"])
            for each in reply["Versions"]
            if each.get("Description") == act.facts["mark"] and each["Version"] != "$LATEST"
        ]
        if not reply.get("NextMarker"):
            return found
        asking["Marker"] = reply["NextMarker"]


@performs(_SERVE)
def _serve(world: World, act: Act) -> None:
    facts, function = act.facts, act.facts["function"]
    versions = _marked(world, act)
    if not versions:
        reply = world.call(
            "s3", "get_object", region=act.region, Bucket=facts["bucket"], Key=facts["key"]
        )
        _update(world, act, ZipFile=spoiled(reply["Body"].read()))
        made = world.call(
            "lambda",
            "publish_version",
            region=act.region,
            FunctionName=function,
            Description=facts["mark"],
        )
        versions = [str(made["Version"])]
    _lead(world, act, versions[-1])


@performs(_TAKE_BACK)
def _take_back(world: World, act: Act) -> None:
    facts = act.facts
    _lead(world, act, facts["version"])
    _update(world, act, S3Bucket=facts["bucket"], S3Key=facts["key"])
    for version in _marked(world, act):
        world.call(
            "lambda",
            "delete_function",
            region=act.region,
            FunctionName=facts["function"],
            Qualifier=version,
        )


def _lead(world: World, act: Act, version: str) -> None:
    world.call(
        "lambda",
        "update_alias",
        region=act.region,
        FunctionName=act.facts["function"],
        Name=act.facts["alias"],
        FunctionVersion=version,
    )


def _update(world: World, act: Act, **code: Any) -> None:
    """Give `$LATEST` its code, and wait until Lambda has it."""
    function = act.facts["function"]
    world.call("lambda", "update_function_code", region=act.region, FunctionName=function, **code)
    for _ in range(_LOOKS):
        config = world.call(
            "lambda", "get_function_configuration", region=act.region, FunctionName=function
        )
        if config.get("LastUpdateStatus", "Successful") != "InProgress":
            return
        world.watch(1.0)
    raise CallError(f"lambda update_function_code in {act.region}", "StillInProgress", function)


def _judge(view: View) -> tuple[Expected, ...]:
    wrong = sum(p.outcome.value == "wrong answer" for p in view.latest)
    ended = Expected(
        name="wrong answers have ended",
        held=not wrong,
        detail=f"{wrong} of the last {len(view.latest)} replies were wrong",
    )
    return another_serves(view), ended


BAD_MODEL: Final = Experiment(
    name="bad-model",
    title="A model that is not what its manifest says takes its own Region out, within the RTO",
    description="Puts a version with a changed model behind the alias of the Region that serves: "
    "the deep check must see it, and Route 53 move clients to a Region with the right one.",
    blast="Clients of the Region get wrong answers, or none, until Route 53 moves them.",
    plan=_plan,
    done=over_and_latched,
    deadline_s=deadline_s,
    judge=_judge,
    recovers=True,
    leaves=True,
    contributions={"reliability": "high", "safety": "high"},
)
