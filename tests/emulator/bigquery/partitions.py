"""Keep when each partition was last written, for INFORMATION_SCHEMA.PARTITIONS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bqemulator.catalog.models import PartitionMeta, TableMeta
from bqemulator.storage.engine import DuckDBEngine

ListPartitions = Callable[[DuckDBEngine, TableMeta], tuple[PartitionMeta, ...]]


class PartitionTimes:
    def __init__(self) -> None:
        self._written: dict[tuple[str, str, str, datetime], dict[str, tuple[datetime, int]]] = {}

    def loaded(self, table: TableMeta, partition: str, now: datetime, size: int) -> None:
        """Date the partition of a load. Without a decorator a load may change any partition, so it dates them all."""
        if partition:
            self._written.setdefault(_key(table), {})[partition] = (now, size)
        else:
            self._written.pop(_key(table), None)

    def dated(self, stock: ListPartitions) -> ListPartitions:
        def list_partitions(engine: DuckDBEngine, table: TableMeta) -> tuple[PartitionMeta, ...]:
            written = self._written.get(_key(table), {})
            found = []
            for partition in stock(engine, table):
                when, size = written.get(partition.partition_id, (table.last_modified_time, table.num_bytes))
                found.append(partition.model_copy(update={"last_modified_time": when, "total_logical_bytes": size}))
            return tuple(found)

        return list_partitions


def _key(table: TableMeta) -> tuple[str, str, str, datetime]:
    """Return the table's name and creation time: a table that was dropped and created again is another one."""
    return table.project_id, table.dataset_id, table.table_id, table.creation_time
