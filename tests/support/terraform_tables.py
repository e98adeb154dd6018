"""Tables of a Terraform module's variables and outputs, and its example, for the module's README.

Regular expressions are enough, because `terraform fmt` fixes the layout of the files. A parser of HCL would drop the
comments, and the comments describe the fields of an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

EXAMPLE = Path("examples", "basic", "main.tf")

_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^((?:  )+)  (\w+) += (.+?)(?: +# (.+))?$", re.MULTILINE)
_OBJECT = re.compile(r"^  type += (.*?)object\(\{\n(.*?)^  \}\)+$", re.MULTILINE | re.DOTALL)
_OPTIONAL = re.compile(r"optional\(((?:[^,()]|\([^()]*\))+)(?:, (.*))?\)")


@dataclass(frozen=True)
class Row:
    """A variable, or a field of one. Its default is empty if a value is required."""

    name: str
    type: str
    default: str
    description: str


def terraform_tables(folder: Path) -> str:
    """Return the tables in Markdown: variables, the fields of each object variable, and outputs, sorted by name.

    Raises ValueError for a variable, field or output without a description.
    """
    blocks = sorted(_BLOCK.findall("\n".join(path.read_text() for path in sorted(folder.glob("*.tf")))))
    variables = {name: body for kind, name, body in blocks if kind == "variable"}
    outputs = {name: _argument("description", body) for kind, name, body in blocks if kind == "output"}
    parts = ["### Variables\n", _table("variable", [_variable(name, body) for name, body in variables.items()])]
    for name, body in variables.items():
        if fields := list(_fields(body)):
            parts += [f"### Fields of `{name}`\n", _table("field", fields)]
    rows = [f"| `{name}` | {_described(name, text)} |\n" for name, text in outputs.items()]
    return "\n".join([*parts, "### Outputs\n", "".join(["| output | description |\n|---|---|\n", *rows])])


def terraform_example(folder: Path) -> str:
    """Return the module's example as a block of code in Markdown."""
    return f"```hcl\n{(folder / EXAMPLE).read_text()}```\n"


def _table(kind: str, rows: list[Row]) -> str:
    lines = [f"| {kind} | type | default | description |\n|---|---|---|---|\n"]
    for row in rows:
        default = f"`{row.default}`" if row.default else "required"
        lines.append(f"| `{row.name}` | {row.type} | {default} | {_described(row.name, row.description)} |\n")
    return "".join(lines)


def _variable(name: str, body: str) -> Row:
    found = _OBJECT.search(body)
    kind = f"{found[1]}object{')' * found[1].count('(')}" if found else _argument("type", body)
    return Row(name, kind, _argument("default", body), _argument("description", body))


def _fields(body: str) -> Iterator[Row]:
    """Yield the fields of an object variable. A field of a nested object has a dotted name."""
    found = _OBJECT.search(body)
    path: list[str] = []
    for indent, name, expression, comment in _FIELD.findall(found[2]) if found else []:
        path[len(indent) // 2 - 1 :] = [name]
        optional = _OPTIONAL.fullmatch(expression)
        if expression.endswith("object({"):
            kind, default = "object", "null" if expression.startswith("optional") else ""
        elif optional:
            kind, default = optional[1], optional[2] or "null"
        else:
            kind, default = expression, ""
        yield Row(".".join(path), kind, default, comment)


def _argument(name: str, body: str) -> str:
    """Return the value of an argument of the block, without quotes, or an empty string."""
    found = re.search(rf"^  {name} += (.*)$", body, re.MULTILINE)
    return found[1].removeprefix('"').removesuffix('"') if found else ""


def _described(name: str, description: str) -> str:
    if not description:
        raise ValueError(f"{name} has no description: write one in the .tf file.")
    return description.replace("|", "\\|")
