"""A column of a BigQuery table, and which source column it holds."""

import re
from dataclasses import dataclass

_SOURCE = re.compile(r"source: (.+)")
_MAP = re.compile(r"MAP<(\w+), (\w+)>")


@dataclass(frozen=True)
class Field:
    """A column of a BigQuery table. The description's first line says which source column it holds."""

    name: str
    type: str
    description: str = ""

    @property
    def source(self) -> str | None:
        match = _SOURCE.match(self.description)
        return match[1] if match else None

    @property
    def entry(self) -> tuple[str, str] | None:
        """The types of key and value of a map, which is a repeated record of the two."""
        match = _MAP.fullmatch(self.type)
        return (match[1], match[2]) if match else None


def map_of(key: str, value: str) -> str:
    return f"MAP<{key}, {value}>"
