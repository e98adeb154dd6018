"""The README's table of error codes, made from `billing.errors`: `python -m tests.error_table` writes it."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "functions"))

from billing.errors import FAULTS  # noqa: E402

README = ROOT / "README.md"
_BEGIN, _END = "checked by a test -->\n", "<!-- errors end -->"


def table() -> str:
    lines = ["| code | class | cause | fix |", "|---|---|---|---|"]
    lines += [f"| `{fault.code}` | {fault.kind} | {fault.cause} | {fault.fix} |" for fault in FAULTS.values()]
    return "\n".join(lines) + "\n"


def with_table(readme: str) -> str:
    before, _, rest = readme.partition(_BEGIN)
    return before + _BEGIN + table() + _END + rest.partition(_END)[2]


if __name__ == "__main__":
    README.write_text(with_table(README.read_text()))
