"""What a failover needs and does not have: copies, records, the switch, those who look."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.runbooks.play import Staging
from tests.runbooks.world import PREFIX

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.runbooks.play import Play
    from tests.runbooks.world import World


def _letter(world: World, region: str) -> None:
    """Put a message where events go that no function could do."""
    client = world.client("sqs", region)
    url = client.get_queue_url(QueueName=f"{PREFIX}-dead-letters")["QueueUrl"]
    client.send_message(
        QueueUrl=url,
        MessageBody='{"detail-type": "Scheduled Event"}',
        MessageAttributes={"ErrorMessage": {"DataType": "String", "StringValue": "timed out"}},
    )


def recovery_at_risk(world: World, play: Play) -> None:
    """A dead letter is in the queue, and the alarm over it tells."""
    region = play.runbook.region
    _letter(world, region)
    client = world.client("sqs", region)
    try:
        world.fires(region, "recovery-at-risk")
        play.until("It worked when")
    finally:
        url = client.get_queue_url(QueueName=f"{PREFIX}-dead-letters")["QueueUrl"]
        client.purge_queue(QueueUrl=url)
    play.rest()


def dead_letters(world: World, play: Play) -> None:
    """A dead letter is in the queue; the page reads it and takes it out."""
    region = play.runbook.region
    _letter(world, region)
    world.fires(region, "dead-letters")
    play.rest()


def canary_silent(world: World, play: Play) -> None:
    """Somebody has stopped the canary; the page starts it."""
    with world.stopped_schedule(play.runbook.region, "canary"):
        world.fires(play.runbook.region, "canary-silent")
        play.rest()


def observer_silent(world: World, play: Play) -> None:
    """Somebody has stopped the observer; the page starts it."""
    with world.stopped_schedule(play.runbook.region, "observer"):
        world.fires(play.runbook.region, "observer-silent")
        play.rest()


def observer_trouble(world: World, play: Play) -> None:
    """Somebody has written a word by hand that no observer understands; the page takes it away."""
    region = play.runbook.region
    (other,) = (each.region for each in world.topology.others(region))
    table = world.client("dynamodb", region)
    key = {"pk": {"S": "intent"}, "sk": {"S": other}}
    table.put_item(TableName=PREFIX, Item={**key, "kind": {"S": "please evacuate"}})
    try:
        world.fires(region, "observer-trouble")
        play.rest()
        assert "Item" not in table.get_item(TableName=PREFIX, Key=key), "the page took it away"
    finally:
        table.delete_item(TableName=PREFIX, Key=key)


def evacuation_switch(world: World, play: Play) -> None:
    """The switch may not read its flag, and says so while its log can be written."""
    region = play.runbook.region
    iam, role = world.client("iam", "us-east-1"), f"{PREFIX}-{region}-evacuation"
    found = iam.get_role_policy(RoleName=role, PolicyName="evacuation")["PolicyDocument"]
    logs = [each for each in found["Statement"] if "logs:PutLogEvents" in each["Action"]]
    less = json.dumps({**found, "Statement": logs})
    iam.put_role_policy(RoleName=role, PolicyName="evacuation", PolicyDocument=less)
    try:
        world.fires(region, "evacuation-switch")
        play.until("It worked when")
    finally:
        iam.put_role_policy(
            RoleName=role, PolicyName="evacuation", PolicyDocument=json.dumps(found)
        )
    play.rest()


def delivery_delay(world: World, play: Play) -> None:
    """Firehose may not write into the bucket; afterwards nothing is lost."""
    region = play.runbook.region
    stream = world.client("firehose", region).describe_delivery_stream(
        DeliveryStreamName=f"{PREFIX}-predictions"
    )
    (destination,) = stream["DeliveryStreamDescription"]["Destinations"]
    role = destination["ExtendedS3DestinationDescription"]["RoleARN"].rpartition("/")[2]
    with world.without_policy(role) as give_back:
        world.fires(region, "delivery-delay", minutes=15)
        play.until("It worked when")
        give_back()
        play.rest()


@contextmanager
def _paused(world: World, region: str, bucket: str) -> Generator[None]:
    """Disable the replication rules of a bucket, as one does who pauses it."""
    client = world.client("s3", region)
    kept = client.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]
    rules = [{**rule, "Status": "Disabled"} for rule in kept["Rules"]]
    client.put_bucket_replication(Bucket=bucket, ReplicationConfiguration={**kept, "Rules": rules})
    try:
        yield
    finally:
        client.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=kept)


def replication_latency(world: World, play: Play) -> None:
    """What waits for its copy waits: the bucket that it should be copied into is gone for now."""
    region = play.runbook.region
    (other,) = world.topology.others(region)
    here = world.topology.region(region).prediction_bucket.name
    source = world.client("s3", other.region)
    with world.lost("bucket", here):
        source.put_object(Bucket=other.prediction_bucket.name, Key="predictions/late", Body=b"late")
        world.fires(region, "replication-latency-predictions", minutes=40)
        play.until("It worked when")
    play.rest()


def replication_failed(world: World, play: Play) -> None:
    """The replication role may copy nothing any more, and an object is given up."""
    region = play.runbook.region
    bucket = world.topology.region(region).prediction_bucket.name
    role = f"{PREFIX}-{region}-replicate-predictions"
    with world.without_policy(role) as give_back:
        world.client("s3", region).put_object(
            Bucket=bucket, Key="predictions/not-copied", Body=b"not copied"
        )
        world.fires(region, "replication-failed-predictions", minutes=20)
        play.until("Do")
        give_back()
        play.rest()


SCENES = {
    "canary-silent": Staging(scene=canary_silent),
    "dead-letters": Staging(scene=dead_letters, short=True),
    "delivery-delay": Staging(scene=delivery_delay),
    "evacuation-switch": Staging(scene=evacuation_switch),
    "observer-silent": Staging(scene=observer_silent),
    "observer-trouble": Staging(scene=observer_trouble),
    "recovery-at-risk": Staging(scene=recovery_at_risk),
    "replication-failed": Staging(scene=replication_failed),
    "replication-latency": Staging(scene=replication_latency),
}
