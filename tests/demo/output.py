"""Print steps, tables, and the loads that the functions log."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from billing.errors import one_line


@contextmanager
def step(title: str, rows: int = 0) -> Iterator[None]:
    """Print the title and how long the block took. With `rows`, also print rows per second."""
    print(f"\n{title} ...", flush=True)
    started = time.monotonic()
    yield
    seconds = time.monotonic() - started
    print(f"  done in {seconds:.1f} s" + (f": {rows:,} rows, {rows / seconds:,.0f} rows/s" if rows else ""))


def show(title: str, rows: Sequence[dict[str, Any]]) -> None:
    """Print a table. The keys of the first row are the headings."""
    print(f"\n{title}")
    if not rows:
        print("  (none)")
        return
    names = list(rows[0])
    cells = [names, *([one_line(str("" if row[name] is None else row[name])) for name in names] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(names))]
    for row in cells:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


class FunctionLog:
    """The JSON lines that the functions log. Loads, warnings and errors are printed as they come."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def add(self, _function: str, line: str) -> None:
        if not line.startswith("{"):
            return
        entry = json.loads(line)
        self.entries.append(entry)
        if entry.get("action") == "loaded" or entry["severity"] in ("ERROR", "WARNING"):
            seconds = f" ({entry['duration_seconds']:.1f} s)" if "duration_seconds" in entry else ""
            print(f"  {entry.get('source') or '':<14} {one_line(entry['message'])}{seconds}")

    def count(self, action: str) -> int:
        return sum(entry.get("action") == action for entry in self.entries)

    def wait_for(self, action: str, start: int) -> str | None:
        """Return the first message with this action from entry `start` on.

        A log line may arrive a moment after the function has answered. Return None after 5 seconds.
        """
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for entry in self.entries[start:]:
                if entry.get("action") == action:
                    return str(entry["message"]).partition(": ")[2]
            time.sleep(0.05)
        return None
