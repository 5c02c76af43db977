"""Drawn settings, really deployed: what AWS would refuse, or make something else of, is seen here.

The emulator refuses what AWS would refuse and reads back what it made; the rules are held against
what is deployed; a second deploy changes nothing; and destroy leaves nothing but what it says.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import Phase, given, settings

import policy
from emulator.handle import (
    Deployment,
    DeployRefusedError,
    EmulatorHandle,
    EmulatorRequestError,
    ProgramFailedError,
)
from tests.emulated_account import client
from tests.infra.graph import ROOT
from tests.properties.settings_space import BASE, TWO_ZONES, differences, valid
from tests.properties.test_settings import CORNERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STACK: Final = "staging"
EXAMPLES: Final = 8
SPEED: Final = 2.0
MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
# What is protected must be let go of before it can be destroyed.
LET_GO: Final = {"production": "false", "deletionProtection": "false", "backupLock": "none"}


@pytest.fixture(scope="module")
def chosen_ones() -> list[dict[str, str]]:
    """Eight of a few hundred draws: together they come by every corner.

    The same each time that these tests run by themselves: hypothesis takes constants from whatever
    modules of the project are loaded.
    """
    drawn: list[dict[str, str]] = []

    @settings(max_examples=200, deadline=None, derandomize=True, phases=[Phase.generate])
    @given(chosen=valid(most_regions=4))
    def draw(chosen: dict[str, str]) -> None:
        drawn.append(chosen)

    draw()
    picked: list[dict[str, str]] = []
    missing = set(CORNERS)
    while len(picked) < EXAMPLES:
        if not any(CORNERS[corner](each) for corner in missing for each in drawn):
            missing = set(CORNERS)  # all were come by: once more, with others
        best = max(drawn, key=lambda each: sum(CORNERS[corner](each) for corner in missing))
        missing -= {corner for corner in missing if CORNERS[corner](best)}
        drawn.remove(best)
        picked.append(best)
    return picked


class Site:
    """An emulator with one stack in it."""

    def __init__(self, handle: EmulatorHandle, config: dict[str, str]) -> None:
        self.handle = handle
        self.config = config

    def deploy(self, **others: str) -> Deployment:
        return self.handle.deploy(ROOT, STACK, config=self.config | others)

    def deploy_with_images(self) -> None:
        """Deploy a container stack for the first time: each Region is given the image it misses.

        Images are not copied yet: that would make repositories which the stack is about to make.
        """
        for _ in [*json.loads(self.config["regions"]), "and at last"]:
            try:
                self.deploy(registryReplication="false")
            except DeployRefusedError as refused:
                missing = re.search(r"\.ecr\.([a-z0-9-]+)\.", str(refused))
                if missing is None:
                    raise
                self._push(missing[1])
            else:
                return

    def destroy(self, **others: str) -> Deployment:
        return self.handle.destroy(ROOT, STACK, config=self.config | others)

    def _push(self, region: str) -> None:
        client(self.handle, "ecr", region).put_image(
            repositoryName=f"understudy-{STACK}-predict",
            imageManifest=image_manifest(),
            imageTag="release",
        )


def image_manifest() -> str:
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 2}
    config["digest"] = f"sha256:{'e' * 64}"
    return json.dumps(
        {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}, sort_keys=True
    )


@pytest.fixture(params=range(EXAMPLES))
def site(
    request: pytest.FixtureRequest,
    chosen_ones: list[dict[str, str]],
    tmp_path: Path,
    release_zip: Path,
    container_release: Path,
    authorities: Path,
) -> Iterator[Site]:
    chosen = chosen_ones[request.param]
    container = chosen["runtime"] == "container"
    there = {"release": str(container_release if container else release_zip)}
    if chosen["clientCaBundle"]:
        there["clientCaBundle"] = str(authorities)
    if container:
        there["containerImage"] = image_digest()
    # The first deploy publishes version 1: until there is another, that is the stable one.
    if chosen["provisionedConcurrency"] != "0":
        # Each is a process here; one of an image would need it to lie unpacked.
        there["provisionedConcurrency"] = "0" if container else "2"
    there["stableVersions"] = re.sub(r"=\d+", "=1", chosen["stableVersions"])
    sys.stderr.write(json.dumps(differences(chosen), indent=1))  # shown when it fails
    with EmulatorHandle.start(tmp_path / "emulator", speed=SPEED) as handle:
        yield Site(handle, chosen | there)


def image_digest() -> str:
    return f"sha256:{hashlib.sha256(image_manifest().encode()).hexdigest()}"


@pytest.mark.long
@pytest.mark.timeout(1200)  # a deploy a Region for images, then three more
def test_drawn_settings_deploy_keep_every_rule_settle_and_go(site: Site) -> None:
    if site.config["runtime"] == "container":
        site.deploy_with_images()
    made = site.deploy()
    deployed = site.handle.resources("understudy", STACK)
    broken = policy.check(policy.Graph.from_json(deployed))
    assert [str(each) for each in broken] == []
    assert [each["region"] for each in made.outputs["regions"]] == json.loads(
        site.config["regions"]
    )
    again = site.deploy().summary
    assert (again["created"], again["updated"], again["replaced"], again["deleted"]) == (0, 0, 0, 0)
    site.deploy(**LET_GO)
    gone = site.destroy(**LET_GO)
    assert all(each["reason"] for each in gone.kept)
    assert site.handle.resources("understudy", STACK)["resources"] == []


@pytest.mark.long
def test_wrong_settings_deploy_nothing(tmp_path: Path, release_zip: Path) -> None:
    wrong = {"failureThreshold": "11", "zoneName": "x", "failureTreshold": "3"}
    with EmulatorHandle.start(tmp_path / "emulator", speed=SPEED) as handle:
        with pytest.raises(ProgramFailedError) as failed:
            handle.deploy(ROOT, STACK, config=BASE | wrong | {"release": str(release_zip)})
        assert all(f"understudy:{key}: " in str(failed.value) for key in wrong)
        with pytest.raises(EmulatorRequestError):
            handle.resources("understudy", STACK)


@pytest.mark.long
def test_a_region_that_gives_too_few_zones_is_refused_by_name(
    tmp_path: Path, release_zip: Path
) -> None:
    few = {"regions": json.dumps(["us-east-1", TWO_ZONES]), "homeRegion": "us-east-1"}
    with EmulatorHandle.start(tmp_path / "emulator", speed=SPEED) as handle:
        with pytest.raises(ProgramFailedError, match=f"{TWO_ZONES} gives this account 2"):
            handle.deploy(ROOT, STACK, config=BASE | few | {"release": str(release_zip)})
        with pytest.raises(EmulatorRequestError):
            handle.resources("understudy", STACK)
