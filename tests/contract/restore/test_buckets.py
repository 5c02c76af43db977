"""Buckets come back: by digest and count, from before what went wrong, into empty places."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from resilience.restore import sources
from resilience.restore.bucket_place import BucketPlace
from resilience.restore.errors import RestoreFailedError, RestoreRefusedError
from resilience.restore.kinds import What
from resilience.restore.tags import State
from tests.contract.backup.region_pair import EAST, RESTORE_ACTIONS, WEST
from tests.contract.restore.ground import (
    PREDICTIONS,
    PREFIX,
    RELEASE,
    RELEASES,
    STOCK,
    ZIP,
    Ground,
    Killed,
    asked,
)

if TYPE_CHECKING:
    from resilience.restore.record import Restore

PREDICTIONS_ARN, RELEASES_ARN = (f"arn:aws:s3:::{each[EAST]}" for each in (PREDICTIONS, RELEASES))
WRONG = b"two, and a little less\n"


def state(ground: Ground, found: Restore) -> State | None:
    label = BucketPlace(ground.aws, found.region, found.place).label()
    return None if label is None else label.state


def test_the_newest_copy_is_restored_in_the_other_region_with_its_figures(ground: Ground) -> None:
    ground.back_up(PREDICTIONS_ARN)
    found = ground.restore(ground.newest(What.PREDICTIONS))
    assert (found.region, found.source_region) == (WEST, EAST), "it has left its Region"
    assert found.place.startswith(f"{PREFIX}-restored-predictions-")
    assert found.problems == [], "what came back is what was there"
    assert (found.count, found.size_bytes, found.by_replica) == (2, 27, 2)
    assert found.digests["p/1"] == hashlib.sha256(b"one\n").hexdigest()
    assert found.took_s > 0, "it took time, on AWS's clock"
    assert [each.name for each in found.parts] == ["restore", "verify"]
    assert (found.by, found.reason) == ("me", "a test")
    assert state(ground, found) is State.VERIFIED
    assert ground.body(found.place, "p/1") == b"one\n"


def test_a_release_is_held_against_the_digest_in_its_key(ground: Ground) -> None:
    ground.back_up(RELEASES_ARN)
    found = ground.restore(ground.newest(What.RELEASES))
    assert (found.count, found.by_digest, found.problems) == (1, 1, [])


def test_one_changed_byte_is_caught_and_nothing_of_it_is_brought_back(ground: Ground) -> None:
    point = ground.back_up(PREDICTIONS_ARN)
    ground.cloud.faults.lose("recovery_point", point)
    found = ground.restore(ground.newest(What.PREDICTIONS), switch=True)
    assert found.problems == ["p/2 differs from every version that predictions-there had by then"]
    assert found.switched is None, "what is not verified is not brought back"
    assert state(ground, found) is State.BEGUN, "and it is not called restored"
    assert ground.restore(ground.newest(What.PREDICTIONS)).problems, "nor the next time"


def test_a_wrong_byte_is_caught_by_a_stated_digest_where_nothing_else_tells(ground: Ground) -> None:
    point = ground.back_up(PREDICTIONS_ARN)
    for bucket in PREDICTIONS.values():
        ground.storage.objects._bucket(bucket).keys.clear()  # every version, everywhere
    order = ground.newest(What.PREDICTIONS)
    alone = ground.restore(order)
    assert alone.problems == ["none of 2 objects could be held against anything"]
    stated = {
        "p/1": hashlib.sha256(b"one\n").hexdigest(),
        "p/2": hashlib.sha256(b"two, and a little more\n").hexdigest(),
    }
    assert ground.restore(order, stated=stated).by_stated == 2
    ground.engine().discard(order.what, WEST, order.place(PREFIX))
    ground.cloud.faults.lose("recovery_point", point)
    found = ground.restore(order, stated=stated)
    assert [each.split()[0] for each in found.problems] == ["p/2"]


def test_an_object_that_the_backup_has_left_out_is_missing(ground: Ground) -> None:
    ground.delete(PREDICTIONS, "p/2", days_ago=0)
    ground.back_up(PREDICTIONS_ARN)
    for bucket in PREDICTIONS.values():  # the deletion itself was a mistake of bookkeeping
        keys = ground.storage.objects._bucket(bucket).keys
        keys.setlist("p/2", keys.getlist("p/2")[:1])
    found = ground.restore(ground.newest(What.PREDICTIONS))
    assert len(found.problems) == 1
    assert found.problems[0].startswith("p/2 is missing, and had been there since")


@pytest.mark.parametrize("way", ["backup", "versions"])
def test_what_was_corrupted_and_replicated_is_recovered_from_before(
    ground: Ground, way: str
) -> None:
    ground.back_up(PREDICTIONS_ARN)
    ground.days(2)
    good = ground.then(1)
    ground.write(PREDICTIONS, "p/2", WRONG, days_ago=0.5)
    ground.back_up(PREDICTIONS_ARN)
    ground.days(2)
    assert ground.body(PREDICTIONS[WEST], "p/2") == WRONG, "corrupted data replicates"
    if way == "backup":
        newest = ground.restore(ground.newest(What.PREDICTIONS))
        assert ground.body(newest.place, "p/2") == WRONG, "the newest backup has it too"
        order = ground.newest(What.PREDICTIONS, at=good)
    else:
        order = ground.moment(What.PREDICTIONS, at=good, region=WEST)
    found = ground.restore(order, switch=True)
    assert found.problems == []
    assert ground.body(found.place, "p/2") == b"two, and a little more\n"
    assert found.switched is not None
    assert (found.switched.brought, found.switched.right) == (["p/2"], 1), "and nothing else"
    assert ground.body(PREDICTIONS[WEST], "p/2") == b"two, and a little more\n"
    versions = ground.client("s3", WEST).list_object_versions(
        Bucket=PREDICTIONS[WEST], Prefix="p/2"
    )
    assert len(versions["Versions"]) == 3, "what was replaced is still there, as a version"
    again = ground.restore(order, switch=True).switched
    assert again is not None
    assert (again.brought, again.right) == ([], 2), "asked for again, there is nothing to do"


def test_what_was_deleted_comes_back_and_what_is_newer_stays(ground: Ground) -> None:
    good = ground.then(1)
    ground.delete(PREDICTIONS, "p/1", days_ago=0.5)
    ground.write(PREDICTIONS, "p/3", b"three\n", days_ago=0.25)
    found = ground.restore(ground.moment(What.PREDICTIONS, at=good, region=WEST), switch=True)
    assert (sorted(found.digests), found.problems) == (["p/1", "p/2"], []), "as it was then"
    assert ground.body(PREDICTIONS[WEST], "p/1") == b"one\n"
    assert ground.body(PREDICTIONS[WEST], "p/3") == b"three\n", "nothing is deleted"


def test_switching_a_day_later_is_as_quick_as_the_restore_was(ground: Ground) -> None:
    ground.back_up(PREDICTIONS_ARN)
    order = ground.newest(What.PREDICTIONS)
    first = ground.restore(order)
    ground.days(1)
    assert ground.restore(order, switch=True).took_s == first.took_s
    ground._s3.put_object(first.place, "p/1", b"touched since")
    assert ground.restore(order, switch=True).switched is None
    assert state(ground, first) is State.BEGUN, "what was touched since is restored no more"


def test_time_goes_on_while_a_restore_is_interrupted(ground: Ground) -> None:
    ground.back_up(PREDICTIONS_ARN)
    order = ground.newest(What.PREDICTIONS)
    with pytest.raises(Killed):
        ground.engine(dies_after=2).restore(order, asked())
    ground.days(1)
    found = ground.restore(order)
    assert (found.resumed, found.took_s >= 86_400) == (True, True)


def test_a_place_that_is_not_empty_is_refused_by_name(ground: Ground) -> None:
    ground.back_up(PREDICTIONS_ARN)
    place = f"{PREFIX}-restored-mine"
    ground._s3.create_bucket(place, WEST)
    ground._s3.put_object(place, "notes", b"do not lose these")
    with pytest.raises(RestoreRefusedError, match=f"{place} in {WEST} is not empty"):
        ground.restore(ground.newest(What.PREDICTIONS), into=place)
    assert ground.body(place, "notes") == b"do not lose these"
    ground._s3.delete_object(place, "notes")
    tags = {"TagSet": [{"Key": "team", "Value": "us"}]}
    ground.client("s3", WEST).put_bucket_tagging(Bucket=place, Tagging=tags)
    assert ground.restore(ground.newest(What.PREDICTIONS), into=place).problems == []
    kept = ground.client("s3", WEST).get_bucket_tagging(Bucket=place)["TagSet"]
    assert tags["TagSet"][0] in kept, "its own tags stay"


def test_a_place_of_another_order_and_what_serves_are_refused(ground: Ground) -> None:
    ground.back_up(PREDICTIONS_ARN)
    first = ground.restore(ground.newest(What.PREDICTIONS))
    ground.days(1)
    ground.back_up(PREDICTIONS_ARN)
    with pytest.raises(RestoreRefusedError, match="holds the restore of arn:aws:backup"):
        ground.restore(ground.newest(What.PREDICTIONS), into=first.place)
    with pytest.raises(RestoreRefusedError, match="expected a name that begins with"):
        ground.restore(ground.newest(What.PREDICTIONS), into=PREDICTIONS[WEST])


def test_a_bucket_without_versions_is_not_written_to(ground: Ground) -> None:
    ground.back_up(PREDICTIONS_ARN)
    ground._s3.put_bucket_versioning(PREDICTIONS[WEST], "Suspended")
    with pytest.raises(RestoreRefusedError, match="keeps no versions"):
        ground.restore(ground.newest(What.PREDICTIONS), switch=True)


def test_a_job_that_failed_is_told_and_another_is_started_when_it_is_mended(
    ground: Ground,
) -> None:
    ground.back_up(PREDICTIONS_ARN)
    role = f"{PREFIX}-{WEST}-restore"
    ground.cloud.allow(role, [each for each in RESTORE_ACTIONS if each != "s3:PutObject"])
    order = ground.newest(What.PREDICTIONS)
    with pytest.raises(RestoreFailedError, match="s3:PutObject"):
        ground.restore(order)
    ground.cloud.allow(role, RESTORE_ACTIONS)
    found = ground.restore(order)
    assert (found.problems, found.resumed) == ([], True)


@pytest.mark.parametrize("way", ["backup", pytest.param("versions", marks=pytest.mark.long)])
def test_killed_after_any_change_it_goes_on_and_brings_everything_back_once(
    ground: Ground, way: str
) -> None:
    ground.back_up(PREDICTIONS_ARN)
    good = ground.now()
    ground.days(1)
    order = (
        ground.newest(What.PREDICTIONS)
        if way == "backup"
        else ground.moment(What.PREDICTIONS, at=good, region=WEST)
    )

    def corrupt() -> None:
        for key in ("p/1", "p/2"):
            ground.write(PREDICTIONS, key, WRONG, days_ago=0.5)

    def look(found: Restore) -> None:
        assert found.problems == []
        assert found.switched is not None
        assert ground.body(PREDICTIONS[WEST], "p/1") == b"one\n"
        assert ground.body(PREDICTIONS[WEST], "p/2") == b"two, and a little more\n"
        assert state(ground, found) is State.VERIFIED
        ground.engine().discard(order.what, WEST, found.place)
        corrupt()

    corrupt()
    killed = ground.killed_at_every_step(
        lambda engine: engine.restore(order, asked(switch=True)), look
    )
    assert killed >= 8, "take, label, fill, mark, bring back: each was the last thing done once"
    jobs = ground.cloud.backup(WEST).list_restore_jobs()["RestoreJobs"]
    assert len(jobs) == (killed + 1 if way == "backup" else 0), "one job a restore, not one a run"


def test_it_looks_at_what_there_is_and_says_what_it_could_not_see(ground: Ground) -> None:
    ground.back_up(PREDICTIONS_ARN)
    ground.days(1)
    known = sources.look(ground.aws, STOCK, What.PREDICTIONS, now=ground.now())
    assert [(each.region, each.copied) for each in known.points] == [(WEST, True), (EAST, False)]
    assert sources.age(known.points[0].taken, ground.now()) > timedelta(days=1)
    assert [(each.region, each.objects) for each in known.reaches] == [(EAST, 2), (WEST, 2)]
    ground.cloud.faults.lose("region", EAST)
    left = sources.look(ground.aws, STOCK, What.PREDICTIONS, now=ground.now())
    assert [each.region for each in left.points] == [WEST], "what a lost Region leaves behind"
    assert all(each.startswith(EAST) for each in left.unseen)
    assert left.unseen
    found = ground.restore(sources.from_backup(left))
    assert (found.problems, found.by_replica) == ([], 2), "it needs nothing of the lost Region"


@pytest.mark.parametrize("beyond", [timedelta(days=-30), timedelta(days=30)])
def test_a_moment_that_nothing_reaches_is_refused(ground: Ground, beyond: timedelta) -> None:
    with pytest.raises(RestoreRefusedError, match="expected a moment within us-east-1 from"):
        ground.moment(What.PREDICTIONS, at=ground.now() + beyond)
    with pytest.raises(RestoreRefusedError, match="there is no backup of predictions"):
        ground.newest(What.PREDICTIONS)


def test_a_moment_whose_versions_may_have_ended_is_refused(ground: Ground) -> None:
    ground.moment(What.PREDICTIONS, at=ground.then(5), region=WEST)
    ended = {
        "ID": "deleted",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 3},
    }
    for region, bucket in PREDICTIONS.items():
        ground.client("s3", region).put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": [ended]}
        )
    ground.moment(What.PREDICTIONS, at=ground.then(2), region=WEST)
    with pytest.raises(RestoreRefusedError, match="or restore --from backup"):
        ground.moment(What.PREDICTIONS, at=ground.then(5), region=WEST)


def test_the_release_of_a_point_in_time_holds_its_digest(ground: Ground) -> None:
    found = ground.restore(ground.moment(What.RELEASES, at=ground.now(), region=WEST))
    assert (found.by_digest, ground.body(found.place, RELEASE)) == (1, ZIP)
