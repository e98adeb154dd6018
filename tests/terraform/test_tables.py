"""The tables in the READMEs of the root and its modules are read from the .tf files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.terraform_tables import terraform_tables

MODULE = """
variable "tables" {
  description = "Tables | one entry per source."
  type = map(object({
    cluster = string                  # column to cluster by
    types   = optional(map(string), {}) # type per column
    owner = optional(object({         # who owns the table
      name = string                   # name of the owner
    }))
    label = optional(string)          # text for the console
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for table in var.tables : table.cluster != ""])
    error_message = "A table has no cluster column: name one."
  }
}

variable "project_id" {
  description = "Id of the project."
  type        = string
}

output "names" {
  description = "Names of the tables."
  value       = keys(var.tables)
}
"""
TABLES = """### Variables

| variable | type | default | description |
|---|---|---|---|
| `project_id` | string | required | Id of the project. |
| `tables` | map(object) | `{}` | Tables \\| one entry per source. |

### Fields of `tables`

| field | type | default | description |
|---|---|---|---|
| `cluster` | string | required | column to cluster by |
| `types` | map(string) | `{}` | type per column |
| `owner` | object | `null` | who owns the table |
| `owner.name` | string | required | name of the owner |
| `label` | string | `null` | text for the console |

### Outputs

| output | description |
|---|---|
| `names` | Names of the tables. |
"""


def test_tables_have_variables_fields_and_outputs(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(MODULE)

    assert terraform_tables(tmp_path) == TABLES


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('  description = "Names of the tables."\n', "names"),
        ('  description = "Id of the project."\n', "project_id"),
        (" # name of the owner", "owner.name"),
    ],
)
def test_missing_description_is_an_error(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / "main.tf").write_text(MODULE.replace(text, ""))

    with pytest.raises(ValueError, match=rf"^{name} has no description"):
        terraform_tables(tmp_path)
