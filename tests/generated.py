"""What documents hold that is made from the code: `python -m tests.generated` writes it, a test checks it."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "functions"))

from billing.errors import FAULTS  # noqa: E402
from billing.formats import FORMATS  # noqa: E402
from billing.gcp.api_errors import BIGQUERY, DLT, STORAGE  # noqa: E402
from billing.views.focus import judgements  # noqa: E402
from billing.views.quality import DELIVERIES, quality_rules  # noqa: E402

README = ROOT / "README.md"
ERRORS = ROOT / "ERRORS.md"
TERRAFORM = ROOT / "terraform"
_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)


def error_table() -> str:
    rows = [
        f"| `{fault.code}` | {fault.kind} | {fault.cause} | {fault.fix} | {fault.command and f'`{fault.command}`'} |"
        for fault in FAULTS.values()
    ]
    return "\n".join(["| code | class | cause | fix | command |", "|---|---|---|---|---|", *rows]) + "\n"


def reason_table() -> str:
    """By code, in the order of the table of codes."""
    tables = {"BigQuery, Cloud Storage": {**BIGQUERY, **STORAGE}, "dlt": DLT}
    rows = []
    for code in FAULTS:
        for who, table in tables.items():
            named = sorted((reason for reason, meant in table.items() if meant == code), key=str.casefold)
            if named:
                rows.append(f"| `{code}` | {who} | {', '.join(f'`{reason}`' for reason in named)} |")
    return "\n".join(["| code | of | reasons |", "|---|---|---|", *rows]) + "\n"


def format_table() -> str:
    head = ["| format | provider | export | delivery |", "|---|---|---|---|"]
    rows = [
        f"| `{name}` | {one.provider} | {one.export} | {', '.join(one.layouts).replace('_', ' ')} |"
        for name, one in FORMATS.items()
    ]
    return "\n".join([*head, *rows]) + "\n"


def judgement_table() -> str:
    rows = [
        f"| `{mapping}` | `{column}` | {rule.note} |"
        for mapping, rules in judgements().items()
        for column, rule in rules.items()
    ]
    return "\n".join(["| mapping | column | what was decided |", "|---|---|---|", *rows]) + "\n"


def quality_table() -> str:
    rules = [(rule.code, rule.sentence) for rule in quality_rules()]
    rules += [(code, sentence) for code, (sentence, _) in DELIVERIES.items()]
    return "\n".join(["| code | what is wrong |", "|---|---|", *(f"| `{c}` | {s} |" for c, s in rules)]) + "\n"


def terraform_tables() -> str:
    """Variables and outputs of the root module, by name."""
    blocks = [match for file in sorted(TERRAFORM.glob("*.tf")) for match in _BLOCK.findall(file.read_text())]
    variables = {name: _variable(name, body) for kind, name, body in blocks if kind == "variable"}
    outputs = {name: f"| `{name}` | {_field('description', body)} |" for kind, name, body in blocks if kind == "output"}
    return "\n".join(
        [
            "| variable | type | default | description |",
            "|---|---|---|---|",
            *(variables[name] for name in sorted(variables)),
            "",
            "| output | description |",
            "|---|---|",
            *(outputs[name] for name in sorted(outputs)),
            "",
        ]
    )


def _variable(name: str, body: str) -> str:
    kind, default = _field("type", body), _field("default", body)
    kind = re.sub(r"object\(\{$", "object)" if kind.startswith("map") else "object", kind)
    return f"| `{name}` | {kind} | {f'`{default}`' if default else 'required'} | {_field('description', body)} |"


def _field(name: str, body: str) -> str:
    match = re.search(rf"^  {name} += (.*)$", body, re.MULTILINE)
    return match[1].removeprefix('"').removesuffix('"') if match else ""


def _between(text: str, begin: str, end: str, middle: str) -> str:
    before, _, rest = text.partition(begin)
    return before + begin + middle + end + rest.partition(end)[2]


def documents() -> Mapping[Path, str]:
    """Every document with generated parts, as it should read."""
    terraform = TERRAFORM / "README.md"
    readme = _between(README.read_text(), "<!-- formats -->\n", "<!-- formats end -->", format_table())
    readme = _between(readme, "<!-- judgements -->\n", "<!-- judgements end -->", judgement_table())
    readme = _between(readme, "<!-- quality -->\n", "<!-- quality end -->", quality_table())
    return {
        README: readme,
        ERRORS: _between(
            _between(ERRORS.read_text(), "checked by a test -->\n", "<!-- errors end -->", error_table()),
            "generated too -->\n",
            "<!-- reasons end -->",
            reason_table(),
        ),
        terraform: _between(
            terraform.read_text(), "<!-- BEGIN_TF_DOCS -->\n", "<!-- END_TF_DOCS -->", terraform_tables()
        ),
    }


if __name__ == "__main__":
    for path, text in documents().items():
        path.write_text(text)
