"""A column of a BigQuery table."""

import re
from dataclasses import dataclass

_SOURCE = re.compile(r"source: (.+)")
_MAP = re.compile(r"MAP<(\w+), (\w+)>")


@dataclass(frozen=True)
class Field:
    """A column of a BigQuery table. The first line of the description says which source column it holds.

    The type of a map is `MAP<key type, value type>`. In BigQuery it is a repeated record of key and value.
    """

    name: str
    type: str
    description: str = ""

    @property
    def source(self) -> str | None:
        """Return the name in the data files, or None if the description does not say."""
        match = _SOURCE.match(self.description)
        return match[1] if match else None

    @property
    def entry(self) -> tuple[str, str] | None:
        """Return the types of a map's key and value, or None if the column is not a map."""
        match = _MAP.fullmatch(self.type)
        return (match[1], match[2]) if match else None


def map_of(key: str, value: str) -> str:
    return f"MAP<{key}, {value}>"
