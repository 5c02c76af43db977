"""One way, or more, to break each rule, and what it then says; a module a chapter."""

from tests.policy.breaks import (
    data,
    doors,
    edge,
    encryption,
    functions,
    health,
    regions,
    roles,
    traffic,
    watching,
)

BREAKS = tuple(
    case
    for chapter in (
        regions,
        edge,
        doors,
        health,
        traffic,
        functions,
        data,
        encryption,
        roles,
        watching,
    )
    for case in chapter.BREAKS
)
