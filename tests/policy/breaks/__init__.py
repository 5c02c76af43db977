"""One way, or more, to break each rule, and what it then says; a module a chapter."""

from tests.policy.breaks import (
    backups,
    data,
    doors,
    drills,
    edge,
    encryption,
    functions,
    health,
    images,
    messages,
    observers,
    production,
    regions,
    roles,
    table,
    traffic,
    watching,
    zones,
)

BREAKS = tuple(
    case
    for chapter in (
        *(regions, edge, zones, doors, health, traffic, functions, images, data),
        *(encryption, table, backups, messages, production, roles, watching, observers, drills),
    )
    for case in chapter.BREAKS
)
