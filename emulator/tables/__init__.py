"""DynamoDB global tables: replicas of one table in several Regions, as AWS keeps them.

moto keeps each Region's table; this package makes groups of them (`groups`), gives UpdateTable
and DescribeTable the operations on replicas that moto lacks (`api`), carries writes from one
to the others (`replication`), and keeps them, so that a table can be restored as it was at any
second (`past`). Writes by PartiQL are neither carried nor kept.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

from __future__ import annotations

from emulator.tables.replication import TableReplicator

__all__ = ["TableReplicator"]
