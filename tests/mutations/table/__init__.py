"""The table of mistakes; a module for each thing they are made in."""

from tests.mutations.table import (
    data,
    drills,
    edge,
    functions,
    health,
    observers,
    roles,
    settings,
    traffic,
    watching,
)

CHAPTERS = {
    "Settings": settings.MUTATIONS,
    "Traffic": traffic.MUTATIONS,
    "Health": health.MUTATIONS,
    "Edge": edge.MUTATIONS,
    "Functions": functions.MUTATIONS,
    "Data": data.MUTATIONS,
    "Roles and keys": roles.MUTATIONS,
    "Watching and backups": watching.MUTATIONS,
    "Observers": observers.MUTATIONS,
    "Drills": drills.MUTATIONS,
}

MUTATIONS = tuple(each for chapter in CHAPTERS.values() for each in chapter)
