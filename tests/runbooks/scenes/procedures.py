"""What no alarm leads to: a lost Region, an evacuation and its end, a restore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resilience.aws import Aws
from resilience.failover import FLAGGED
from resilience.functions.observer_memory import INTENT
from resilience.oncall.table_view import read_table
from tests.runbooks.play import Staging
from tests.runbooks.scenes.backups import begin, ended
from tests.runbooks.world import AGREED_SPEED, PREFIX, REAL_TIME

if TYPE_CHECKING:
    from resilience.topology import Region
    from tests.runbooks.play import Play
    from tests.runbooks.world import World


def _kept_away(world: World, watcher: Region, region: str) -> bool:
    """Tell whether an observer has seen its flag on a Region: until then a failback is done."""
    view = read_table(Aws(world.emulator.aws_environment()), watcher.region, PREFIX)
    seen = view.observers.get(watcher.region)
    watch = None if seen is None else seen.memory.brain.watches.get(region)
    return watch is not None and watch.phase in FLAGGED


def region_loss(world: World, play: Play) -> None:
    """The primary Region is lost, and Route 53's control plane with it."""
    region = play.runbook.region
    (other,) = world.topology.others(region)
    with world.lost("region", region):
        world.fires(other.region, "neighbour-impaired")
        play.rest()


def evacuation(world: World, play: Play) -> None:
    """A Region is about to be worked on, and another one is well."""
    region = play.runbook.region
    try:
        play.rest()
    finally:
        # The word first: an observer that still has it would set the flag again.
        (watcher,) = world.topology.watchers(region)
        world.client("dynamodb", watcher.region).delete_item(
            TableName=PREFIX, Key={"pk": {"S": INTENT}, "sk": {"S": region}}
        )


def failback(world: World, play: Play) -> None:
    """A Region was evacuated, and is well."""
    region = play.runbook.region
    (watcher,) = world.topology.watchers(region)
    world.client("s3", watcher.region).put_object(
        Bucket=watcher.evacuation_bucket, Key=f"evacuation/{region}", Body=b"{}"
    )
    world.eventually(
        lambda: _kept_away(world, watcher, region), "its observer sees the flag", minutes=5
    )
    play.rest()


def restore(world: World, play: Play) -> None:
    """An object is deleted after a backup; the page brings it back."""
    region = play.runbook.region
    client = world.client("s3", region)
    bucket, key = world.topology.region(region).prediction_bucket.name, "predictions/precious"
    client.put_object(Bucket=bucket, Key=key, Body=b"precious")
    assert ended(world, region, begin(world, region))["State"] == "COMPLETED"
    client.delete_object(Bucket=bucket, Key=key)
    play.rest()
    assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == b"precious"


def deploy_while_down(world: World, play: Play) -> None:
    """The primary Region is lost."""
    with world.lost("region", play.runbook.region):
        play.rest()


SCENES = {
    "deploy-while-a-region-is-down": Staging(scene=deploy_while_down),
    "evacuation": Staging(scene=evacuation, speed=AGREED_SPEED),
    "failback": Staging(scene=failback, speed=REAL_TIME),
    "region-loss": Staging(scene=region_loss),
    "restore": Staging(scene=restore),
}
