"""Read Thrift's compact protocol, as far as the footer of a Parquet file uses it."""

from typing import Any

_MAX_DEPTH = 32
_MAX_VALUES = 500_000  # that are built; the schema of 10,000 columns has 60,000


class Thrift:
    """A reader of bytes in Thrift's compact protocol. Broken bytes raise IndexError, TypeError or RecursionError.

    github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
    """

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.left = data, 0, _MAX_VALUES

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        value = 0
        for shift in range(0, 64, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise TypeError("more than 64 bits")

    def integer(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def take(self, size: int) -> bytes:
        self.at += size
        if self.at > len(self.data):
            raise IndexError("cut")
        return self.data[self.at - size : self.at]

    def struct(self, depth: int = 0, until: int | None = None) -> dict[int, Any]:
        """Return field id to value. Stop after the field `until`: a footer goes on with long row groups."""
        if depth > _MAX_DEPTH:
            raise RecursionError
        fields: dict[int, Any] = {}
        number = 0
        while (head := self.byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self.integer()
            fields[number] = self.value(head & 0x0F, depth)
            if number == until:
                break
        return fields

    def value(self, kind: int, depth: int) -> Any:
        self.left -= 1
        if self.left < 0:
            raise TypeError(f"more than {_MAX_VALUES} values")
        return self._read(kind, depth)

    def _read(self, kind: int, depth: int) -> Any:
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self.byte()
        if kind in (4, 5, 6):
            return self.integer()
        if kind == 7:
            return self.take(8)
        if kind == 8:
            return self.take(self.varint())
        if kind in (9, 10):
            return self.list(depth + 1)
        if kind == 12:
            return self.struct(depth + 1)
        raise TypeError(f"thrift type {kind}")  # maps do not occur before the row groups

    def list(self, depth: int) -> list[Any]:
        if depth > _MAX_DEPTH:
            raise RecursionError
        size, kind = self.list_head()
        return [self.value(kind, depth) for _ in range(size)]

    def list_head(self) -> tuple[int, int]:
        """Return the number of elements, and their type."""
        head = self.byte()
        size = head >> 4 if head >> 4 != 15 else self.varint()
        kind = head & 0x0F
        return size, 3 if kind in (1, 2) else kind  # in a list, a boolean is a byte

    def skip(self, kind: int, depth: int = 0) -> None:
        """Go past a value without building it."""
        if depth > _MAX_DEPTH:
            raise RecursionError
        if kind == 8:
            self.take(self.varint())
        elif kind in (9, 10):
            size, element = self.list_head()
            for _ in range(size):
                self.skip(element, depth + 1)
        elif kind == 12:
            while (head := self.byte()) != 0:
                if not head >> 4:
                    self.integer()
                self.skip(head & 0x0F, depth + 1)
        else:
            self._read(kind, depth)
