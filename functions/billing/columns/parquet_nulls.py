"""Find the columns of a Parquet file that have no value, by the statistics of its row groups.

A writer that does not know the type of such a column writes INT32: apache/arrow issue 11967.
"""

from collections.abc import Callable, Collection, Iterator

from billing.columns.thrift import Thrift

_BINARY, _LIST, _STRUCT = 8, 9, 12  # types of the compact protocol
# Fields of parquet.thrift, github.com/apache/parquet-format
_ROW_GROUPS = 4  # of FileMetaData
_CHUNKS = 1  # of RowGroup
_CHUNK_METADATA = 3  # of ColumnChunk
_PATH, _VALUES, _STATISTICS = 3, 5, 12  # of ColumnMetaData
_NULLS = 3  # of Statistics


def columns_without_values(footer: Thrift, candidates: Collection[str]) -> set[str]:
    """Return those candidates whose values are all NULL. `footer` was read up to the number of rows.

    A column whose statistics do not count its NULLs may have values, and so has every column of a broken footer.
    """
    empty = set(candidates)
    try:
        for number, kind in _fields(footer, after=_ROW_GROUPS - 1):
            if (number, kind) != (_ROW_GROUPS, _LIST):
                footer.skip(kind)
                continue
            _each(footer, lambda: _read_row_group(footer, empty))
            return empty
    except (AttributeError, IndexError, TypeError, UnicodeDecodeError, RecursionError):
        pass
    return set()


def _read_row_group(footer: Thrift, empty: set[str]) -> None:
    for number, kind in _fields(footer):
        if (number, kind) == (_CHUNKS, _LIST):
            _each(footer, lambda: _read_chunk(footer, empty))
        else:
            footer.skip(kind)


def _read_chunk(footer: Thrift, empty: set[str]) -> None:
    for number, kind in _fields(footer):
        if (number, kind) == (_CHUNK_METADATA, _STRUCT):
            name, is_empty = _read_metadata(footer)
            if not is_empty:
                empty.discard(name)
        else:
            footer.skip(kind)


def _read_metadata(footer: Thrift) -> tuple[str, bool]:
    """Return the outermost column of a chunk, and whether all its values are NULL."""
    path, values, nulls = [b""], None, None
    for number, kind in _fields(footer):
        if (number, kind) == (_PATH, _LIST):
            path = footer.list(0)
        elif number == _VALUES:
            values = footer.value(kind, 0)
        elif (number, kind) == (_STATISTICS, _STRUCT):
            nulls = footer.struct().get(_NULLS)
        else:
            footer.skip(kind)
    return path[0].decode(), values is not None and values == nulls


def _fields(footer: Thrift, after: int = 0) -> Iterator[tuple[int, int]]:
    """Yield number and type of each field of a struct. The caller reads or skips the value before the next one."""
    number = after
    while (head := footer.byte()) != 0:
        number = number + (head >> 4) if head >> 4 else footer.integer()
        yield number, head & 0x0F


def _each(footer: Thrift, read: Callable[[], None]) -> None:
    """Read each struct of a list."""
    size, kind = footer.list_head()
    if kind != _STRUCT:
        raise TypeError(f"list of thrift type {kind}")
    for _ in range(size):
        read()
