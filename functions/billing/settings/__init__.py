"""The configuration of the loader, from environment variables or `.dlt/config.toml`.

Each source has variables `SOURCES__<KEY>__<FIELD>`. functions/docs/operations.md describes all of them.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from billing import __version__
from billing.errors import BillingError
from billing.formats import FORMATS, Format
from billing.settings.values import BUCKET, LOCATION, NAME, PROJECT, TABLE, Values, read_values

STATUS_VIEW = "billing_status"  # one in each dataset of sources
FOCUS_VIEW = "focus_costs"  # over all sources, in the FOCUS dataset
QUALITY_VIEW = "billing_quality"  # in the FOCUS dataset
GOOGLE_KEY = "google_billing"  # x_source of Google Cloud's own billing export
SOURCE_FIELDS = frozenset(
    {
        "BUCKET",
        "DATASET",
        "EXPORT_NAME",
        "FORMAT",
        "ON_SHRINK",
        "PREFIX",
        "PROJECT_ID",
        "SETTLE_HOURS",
        "SHRINK_PERCENT",
        "SOURCE_PATH",
        "TABLE_NAME",
        "TYPE_OVERRIDES",
    }
)
_MAX_KEY_CHARACTERS = 40  # the key is a label, and part of job ids and of dlt's pipeline names
_VARIABLE = re.compile(r"SOURCES__(?P<key>.+?)__(?P<field>[A-Z_]+)")


@dataclass(frozen=True)
class Source:
    """One export of one provider, and the one table that its months are loaded into."""

    key: str
    bucket: str
    prefix: str  # what Storage Transfer puts before each name: '' or ends in '/'
    source_path: str  # what Storage Transfer removes from each name: '' or ends in '/'
    format_name: str
    export_name: str
    project: str
    dataset: str
    table: str
    type_overrides: Mapping[str, str] = field(hash=False)  # source column to BigQuery type
    settle_hours: float
    shrink_percent: float = 20  # a month that loses more of its rows or cost is reported; 100: never
    holds_shrinking: bool = False  # whether a delivery that would do that is not loaded

    @property
    def format(self) -> Format:
        return FORMATS[self.format_name]

    @property
    def destination(self) -> str:
        """Return the table as `project.dataset.table`."""
        return f"{self.project}.{self.dataset}.{self.table}"

    @property
    def fingerprint(self) -> str:
        """Return a digest of the loader's version and of the settings that can make a delivery loadable.

        When it changes, the loader tries each rejected delivery once more.
        """
        settings = (self.prefix, self.source_path, self.format_name, self.export_name, self.destination)
        held = [self.shrink_percent] if self.holds_shrinking else []
        text = json.dumps([__version__, *settings, sorted(self.type_overrides.items()), self.settle_hours, *held])
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Settings:
    """The whole configuration, checked."""

    project: str  # runs the jobs
    location: str  # of the datasets and the jobs
    bookkeeping_bucket: str  # holds the leases
    sources: tuple[Source, ...]
    focus_dataset: str = ""  # '' means that no view over all sources is published
    google_billing_export: str = ""  # table of Google Cloud's own billing export, or ''

    @property
    def focus_view(self) -> str:
        return f"{self.project}.{self.focus_dataset}.{FOCUS_VIEW}"

    def focus_view_of(self, key: str) -> str:
        """Return the name of one source's view, which is a part of `focus_costs`."""
        return f"{self.focus_view}_{key}"

    @property
    def focus_views(self) -> dict[str, str]:
        """Return the names of all views that `focus_costs` is the union of, by source key."""
        keys = [source.key for source in self.sources]
        return {key: self.focus_view_of(key) for key in (*keys, *([GOOGLE_KEY] if self.google_billing_export else []))}

    @property
    def quality_view(self) -> str:
        return f"{self.project}.{self.focus_dataset}.{QUALITY_VIEW}"

    @property
    def status_views(self) -> tuple[str, ...]:
        """Return the names of all `billing_status` views: one for each dataset of sources."""
        return tuple(sorted({f"{source.project}.{source.dataset}.{STATUS_VIEW}" for source in self.sources}))

    def of_provider(self, provider: str) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.format.provider == provider)


def read_settings(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Read and check the whole configuration. The environment wins over the file in `folder`.

    Raises BillingError: SETTING_MISSING, SETTING_INVALID. The message names the variable.
    """
    values = read_values(environment, folder)
    project = values.required("DESTINATION__BIGQUERY__PROJECT_ID", PROJECT)
    sources = tuple(_source(key, values, project) for key in _source_keys(values))
    if not sources:
        unset = "No source is configured: set SOURCES__<KEY>__BUCKET and its other fields."
        raise BillingError("SETTING_MISSING", unset)
    bookkeeping = values.required("BOOKKEEPING_BUCKET", BUCKET)
    _reject_overlaps(sources, bookkeeping)
    focus_dataset = values.optional("FOCUS_DATASET", "", NAME)
    if any((source.project, source.dataset) == (project, focus_dataset) for source in sources):
        raise BillingError("SETTING_INVALID", f"FOCUS_DATASET {focus_dataset} is the dataset of a source: use another.")
    return Settings(
        project=project,
        location=values.required("DESTINATION__BIGQUERY__LOCATION", LOCATION),
        bookkeeping_bucket=bookkeeping,
        sources=sources,
        focus_dataset=focus_dataset,
        google_billing_export=values.optional("GOOGLE_BILLING_EXPORT", "", TABLE),
    )


def _source_keys(values: Values) -> list[str]:
    keys = set()
    for name in values.variables:
        if not name.startswith("SOURCES__"):
            continue
        match = _VARIABLE.fullmatch(name)
        if match is None or match["field"] not in SOURCE_FIELDS:
            known = ", ".join(sorted(SOURCE_FIELDS))
            raise BillingError("SETTING_INVALID", f"{name} is not a known source setting. Known fields: {known}.")
        keys.add(match["key"])
    return sorted(keys)


def _source(key: str, values: Values, project: str) -> Source:
    base = f"SOURCES__{key}__"
    if not NAME.fullmatch(key.lower()) or key != key.upper() or len(key) > _MAX_KEY_CHARACTERS:
        shape = f"the key must look like AWS_CUR and have at most {_MAX_KEY_CHARACTERS} characters"
        raise BillingError("SETTING_INVALID", f"{base}BUCKET: {shape}, but is '{key}'.")
    if key.lower() == GOOGLE_KEY:
        reserved = f"the key {key} is reserved for Google Cloud's own export: use another, such as GCP_BILLING"
        raise BillingError("SETTING_INVALID", f"{base}BUCKET: {reserved}.")
    if f"{base}PREFIX" not in values.variables:
        raise BillingError("SETTING_MISSING", f"{base}PREFIX is not set: set it to '' for the whole bucket.")
    return Source(
        key=key.lower(),
        bucket=values.required(f"{base}BUCKET", BUCKET),
        prefix=values.path(f"{base}PREFIX"),
        source_path=values.path(f"{base}SOURCE_PATH"),
        format_name=values.choice(f"{base}FORMAT", FORMATS),
        export_name=values.export_name(f"{base}EXPORT_NAME"),
        project=values.optional(f"{base}PROJECT_ID", project, PROJECT),
        dataset=values.required(f"{base}DATASET", NAME),
        table=values.required(f"{base}TABLE_NAME", NAME),
        type_overrides=values.type_overrides(f"{base}TYPE_OVERRIDES"),
        settle_hours=values.settle_hours(f"{base}SETTLE_HOURS"),
        shrink_percent=values.percent(f"{base}SHRINK_PERCENT"),
        holds_shrinking=values.choice_or(f"{base}ON_SHRINK", "alert", ("alert", "hold")) == "hold",
    )


def _reject_overlaps(sources: tuple[Source, ...], bookkeeping: str) -> None:
    """Two sources in one table wipe each other's months; overlapping prefixes load one file twice."""
    for index, one in enumerate(sources):
        if one.bucket == bookkeeping:
            raise BillingError("SETTING_INVALID", f"BOOKKEEPING_BUCKET {bookkeeping} is a landing bucket: use another.")
        if one.table == STATUS_VIEW:
            named = f"{_variable(one, 'TABLE_NAME')} {STATUS_VIEW}"
            raise BillingError("SETTING_INVALID", f"{named} is the name of a view: use another.")
        for other in sources[index + 1 :]:
            _reject_overlap(one, other)


def _reject_overlap(one: Source, other: Source) -> None:
    shared = _tables(one) & _tables(other)
    if shared:
        names = f"{_variable(one, 'TABLE_NAME')} and {_variable(other, 'TABLE_NAME')}"
        raise BillingError("SETTING_INVALID", f"{names} both use the table {min(shared)}: rename one of them.")
    nested = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
    if one.bucket == other.bucket and nested:
        names = f"{_variable(one, 'PREFIX')} and {_variable(other, 'PREFIX')}"
        raise BillingError("SETTING_INVALID", f"{names} overlap in bucket {one.bucket}: change one of them.")


def _variable(source: Source, field_name: str) -> str:
    return f"SOURCES__{source.key.upper()}__{field_name}"


def _tables(source: Source) -> set[str]:
    """Return every name that a source uses in its dataset: the table, the tracking table and the views."""
    charges = ("_charges",) if source.format.maps else ()
    return {f"{source.destination}{suffix}" for suffix in ("", "_load_tracking", "_loads", *charges)}
