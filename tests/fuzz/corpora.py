"""The valid inputs that fuzzing changes: manifests of every format, CSV headers and Parquet footers.

The manifests are those of the samples, and the golden ones of the unit tests where a parser accepts them.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import duckdb

from billing import manifests
from billing.errors import BillingError
from billing.formats import FORMATS
from billing.manifests import Export, Manifest
from billing.settings import Source, read_settings
from billing.settings.values import export_name_problem
from tests.samples.catalogue import sample_delivery
from tests.samples.model import Mode
from tests.unit.values import GENERATION, MANIFESTS

PREFIX = "landing/source/"
_MAX_FOLDERS_UP = 4


@dataclass(frozen=True)
class Seed:
    """A manifest that the parser of its source accepts, as a tree."""

    source: Source
    name: str
    tree: Any

    def manifest(self, data: bytes) -> Manifest:
        return Manifest(self.name, GENERATION, data)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the manifest and its files in the landing bucket."""
        export = manifests.parse(self.source, self.manifest(json.dumps(self.tree).encode()))
        assert isinstance(export, Export)
        return self.name, *(file.name for file in export.files)


@cache
def seeds(format_name: str) -> tuple[Seed, ...]:
    """Return the known manifests that this format's parser accepts: a sample of each layout, and golden ones."""
    samples = [_sample(format_name, layout) for layout in FORMATS[format_name].layouts]
    return (*samples, *(seed for tree in golden_trees() if (seed := _golden(format_name, tree)) is not None))


@cache
def golden_trees() -> tuple[Any, ...]:
    return tuple(json.loads(path.read_bytes()) for path in sorted(MANIFESTS.glob("*.json")))


def _sample(format_name: str, layout: str) -> Seed:
    """Return the manifest of a generated delivery."""
    source, version = source_of(format_name, "acme-export"), (FORMATS[format_name].versions or ("",))[-1]
    with tempfile.TemporaryDirectory() as folder:
        delivery = sample_delivery(
            format_name, Path(folder), "2025-09", layout=cast(Mode, layout), rows=2, version=version
        )
        names = [f"{PREFIX}{item.name}" for item in delivery.manifests]
        return Seed(source, next(name for name in names if manifests.is_manifest(source, name)), delivery.manifest())


def _golden(format_name: str, tree: Any) -> Seed | None:
    """Find the export name and the folder of a manifest by trying the texts in it. None if no text is right."""
    texts = sorted({leaf for leaf in leaves(tree) if isinstance(leaf, str) and 0 < len(leaf) < 300})
    words = sorted({word for text in texts for word in text.split("/") if word and export_name_problem(word) is None})
    for export_name in words:
        source = source_of(format_name, export_name)
        for name in _manifest_names(source, texts):
            try:
                if isinstance(manifests.parse(source, Manifest(name, GENERATION, json.dumps(tree).encode())), Export):
                    return Seed(source, name, tree)
            except BillingError:
                continue
    return None


def source_of(format_name: str, export_name: str = "x") -> Source:
    fields = {
        "BUCKET": "example-landing",
        "PREFIX": PREFIX,
        "FORMAT": format_name,
        "EXPORT_NAME": export_name,
        "DATASET": "billing",
        "TABLE_NAME": "months",
    }
    environment = {
        "DESTINATION__BIGQUERY__PROJECT_ID": "example-project",
        "DESTINATION__BIGQUERY__LOCATION": "europe-west1",
        "BOOKKEEPING_BUCKET": "example-books",
        **{f"SOURCES__ONE__{name}": value for name, value in fields.items()},
    }
    return read_settings(environment, folder=Path("/nowhere")).sources[0]


def _manifest_names(source: Source, texts: list[str]) -> Iterator[str]:
    """Yield possible names: in the folder of a data file, in the folders above it, and in their metadata folders."""
    bases = (f"{source.export_name}-Manifest.json", "manifest.json", "Manifest.json")
    for text in texts:
        folders = re.sub("^s3://[^/]+/", "", text).split("/")[:-1]
        for up in range(min(_MAX_FOLDERS_UP, len(folders))):
            folder = "/".join(folders[: len(folders) - up])
            for place in dict.fromkeys((folder, folder.replace("/data/", "/metadata/"))):
                yield from (
                    name for base in bases if manifests.is_manifest(source, name := f"{source.prefix}{place}/{base}")
                )


def leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield key
            yield from leaves(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from leaves(value)
    else:
        yield tree


CSV_HEADS = (
    b"a,b\n1,2\n",
    b'\xef\xbb\xbf"a ""b""","c\r\nd",e/f\r\n1,2,3\r\n4,5,6\r\n',
    b"bill/BillingPeriodStartDate,lineItem/UnblendedCost,product/ECU,product/ecu,resourceTags/user:x\n1,2,3,4,5\n",
    "größe,日本,,a\n1,2,3,4\n".encode(),
)
_PARQUETS = (
    "SELECT 1 AS a, 'x' AS b, CAST(1 AS DECIMAL(38, 18)) AS c, NOW() AS d, TRUE AS e, DATE '2025-09-01' AS f",
    "SELECT {'b': MAP {'k': [1]}} AS a, [1, 2] AS b, NULL::VARCHAR AS \"größe 日本\"",
    "SELECT " + ", ".join(f"CAST(1 AS DECIMAL(38, 18)) AS x_Column{number}" for number in range(40)),
    "SELECT 1 AS a WHERE FALSE",
)


@cache
def footers() -> tuple[bytes, ...]:
    """Return the footers of some Parquet files, without length and magic."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as database:
        path = Path(folder) / "x.parquet"
        found = []
        for select in _PARQUETS:
            database.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
            data = path.read_bytes()
            found.append(data[-int.from_bytes(data[-8:-4], "little") - 8 : -8])
    return tuple(found)
