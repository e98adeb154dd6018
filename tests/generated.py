"""What documents hold that is made from the code: `python -m tests.generated` writes it, a test checks it."""

import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "functions"))

from billing import focus, reasons  # noqa: E402
from billing.errors import FAULTS  # noqa: E402
from billing.formats import FORMATS  # noqa: E402
from billing.quality import DELIVERIES, quality_rules  # noqa: E402
from tests.support.terraform_tables import terraform_example, terraform_tables  # noqa: E402

README = ROOT / "README.md"
ERRORS = ROOT / "ERRORS.md"
TERRAFORM = ROOT / "terraform"
MODULES = sorted((TERRAFORM / "modules").iterdir())


def error_table() -> str:
    rows = [
        f"| `{fault.code}` | {fault.kind} | {fault.cause} | {fault.fix} | {fault.command and f'`{fault.command}`'} |"
        for fault in FAULTS.values()
    ]
    return "\n".join(["| code | class | cause | fix | command |", "|---|---|---|---|---|", *rows]) + "\n"


def reason_table() -> str:
    """By code, in the order of the table of codes."""
    tables = {"BigQuery, Cloud Storage": {**reasons.BIGQUERY, **reasons.STORAGE}, "dlt": reasons.DLT}
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
        for mapping, rules in focus.judgements().items()
        for column, rule in rules.items()
    ]
    return "\n".join(["| mapping | column | what was decided |", "|---|---|---|", *rows]) + "\n"


def quality_table() -> str:
    rules = [(rule.code, rule.sentence) for rule in quality_rules()]
    rules += [(code, sentence) for code, (sentence, _) in DELIVERIES.items()]
    return "\n".join(["| code | what is wrong |", "|---|---|", *(f"| `{c}` | {s} |" for c, s in rules)]) + "\n"


def _between(text: str, begin: str, end: str, middle: str) -> str:
    before, _, rest = text.partition(begin)
    return before + begin + middle + end + rest.partition(end)[2]


def documents() -> Mapping[Path, str]:
    """Every document with generated parts, as it should read."""
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
        **{folder / "README.md": _terraform_page(folder) for folder in (TERRAFORM, *MODULES)},
    }


def _terraform_page(folder: Path) -> str:
    page = (folder / "README.md").read_text()
    if folder in MODULES:
        page = _between(page, "<!-- example -->\n", "<!-- example end -->", terraform_example(folder))
    return _between(page, "<!-- BEGIN_TF_DOCS -->\n", "<!-- END_TF_DOCS -->", terraform_tables(folder))


if __name__ == "__main__":
    for path, text in documents().items():
        path.write_text(text)
