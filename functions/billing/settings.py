"""The sources and the destination, from `SOURCES__<KEY>__<FIELD>` variables or `.dlt/config.toml`."""

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from billing import __version__
from billing.errors import BillingError
from billing.formats import FORMATS, Format
from billing.log import emit

_LONGEST_KEY = 40  # it is a label, and part of job ids and of dlt's pipeline names
STATUS_VIEW = "billing_status"  # one in every dataset
FOCUS_VIEW = "focus_costs"  # one over all sources, in a dataset of its own
QUALITY_VIEW = "billing_quality"  # beside it
GOOGLE_KEY = "google_billing"  # what Google Cloud's own export is called in x_source
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")  # dlt normalises other names away
_PROJECT = re.compile(r"[a-z][-a-z0-9:.]{4,61}[a-z0-9]")
_TABLE = re.compile(rf"{_PROJECT.pattern}\.[A-Za-z0-9_]{{1,1024}}\.[A-Za-z0-9_]{{1,1024}}")  # not ours: any legal name
_BUCKET = re.compile(r"[a-z0-9][-_.a-z0-9]{1,220}[a-z0-9]")
_VARIABLE = re.compile(r"SOURCES__(?P<key>.+?)__(?P<field>[A-Z_]+)")
BIGQUERY_TYPES = frozenset(
    {
        "BIGNUMERIC",
        "BOOLEAN",
        "DATE",
        "DATETIME",
        "FLOAT",
        "INTEGER",
        "JSON",
        "NUMERIC",
        "STRING",
        "TIMESTAMP",
    }
)
_ALIASES = {"BOOL": "BOOLEAN", "FLOAT64": "FLOAT", "INT64": "INTEGER"}
_FIELDS = frozenset(
    {
        "BUCKET",
        "DATASET",
        "EXPORT_NAME",
        "FORMAT",
        "PREFIX",
        "PROJECT_ID",
        "SETTLE_HOURS",
        "SOURCE_PATH",
        "TABLE_NAME",
        "TYPE_OVERRIDES",
    }
)


@dataclass(frozen=True)
class Source:
    """One export of one provider, and the one table that its months land in."""

    key: str
    bucket: str
    prefix: str  # what Storage Transfer adds: '' or ends in '/'
    source_path: str  # what Storage Transfer strips: '' or ends in '/'
    format_name: str
    export_name: str
    project: str
    dataset: str
    table: str
    type_overrides: Mapping[str, str] = field(hash=False)
    settle_hours: float

    @property
    def format(self) -> Format:
        return FORMATS[self.format_name]

    @property
    def destination(self) -> str:
        return f"{self.project}.{self.dataset}.{self.table}"

    @property
    def fingerprint(self) -> str:
        """Changes with the loader or a setting: a booked rejection is tried again once after that."""
        settings = (self.prefix, self.source_path, self.format_name, self.export_name, self.destination)
        text = json.dumps([__version__, *settings, sorted(self.type_overrides.items()), self.settle_hours])
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Settings:
    project: str  # where jobs run
    location: str
    bookkeeping_bucket: str
    sources: tuple[Source, ...]
    focus_dataset: str = ""  # '' makes no view over all sources
    google_billing_export: str = ""  # table of Google Cloud's own billing export, to be in that view

    @property
    def focus_view(self) -> str:
        return f"{self.project}.{self.focus_dataset}.{FOCUS_VIEW}"

    def focus_view_of(self, key: str) -> str:
        """A source's own view, one of those that the view over all unites."""
        return f"{self.focus_view}_{key}"

    @property
    def focus_views(self) -> list[str]:
        keys = [source.key for source in self.sources]
        return [self.focus_view_of(key) for key in (*keys, *([GOOGLE_KEY] if self.google_billing_export else []))]

    @property
    def quality_view(self) -> str:
        return f"{self.project}.{self.focus_dataset}.{QUALITY_VIEW}"

    @property
    def status_views(self) -> tuple[str, ...]:
        """One in every dataset of sources."""
        return tuple(sorted({f"{source.project}.{source.dataset}.{STATUS_VIEW}" for source in self.sources}))

    def of_provider(self, provider: str) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.format.provider == provider)


def read_settings(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """The whole configuration, checked.

    Raises BillingError (SETTING_MISSING, SETTING_INVALID) with a sentence that names the variable.
    """
    values = _config_toml(folder or Path.cwd())
    values.update(os.environ if environment is None else environment)
    project = _required(values, "DESTINATION__BIGQUERY__PROJECT_ID", _PROJECT)
    sources = tuple(_source(key, values, project) for key in _source_keys(values))
    if not sources:
        raise BillingError("SETTING_MISSING", "No source is configured: set SOURCES__<KEY>__BUCKET and the rest.")
    bookkeeping = _required(values, "BOOKKEEPING_BUCKET", _BUCKET)
    _reject_shared_ground(sources, bookkeeping)
    focus_dataset = _optional(values, "FOCUS_DATASET", "", _NAME)
    if any((source.project, source.dataset) == (project, focus_dataset) for source in sources):
        raise BillingError("SETTING_INVALID", f"FOCUS_DATASET {focus_dataset} is the dataset of a source: use another.")
    return Settings(
        project=project,
        location=_required(values, "DESTINATION__BIGQUERY__LOCATION"),
        bookkeeping_bucket=bookkeeping,
        sources=sources,
        focus_dataset=focus_dataset,
        google_billing_export=_optional(values, "GOOGLE_BILLING_EXPORT", "", _TABLE),
    )


def settings_or_exit() -> Settings:
    """The settings, or the process ends with the one sentence that says which variable is wrong."""
    try:
        return read_settings()
    except BillingError as exc:
        emit("CRITICAL", exc.message, code=exc.code)
        raise SystemExit(f"{exc.code}: {exc.message}") from None


def _config_toml(folder: Path) -> dict[str, str]:
    """`[sources.aws_cur] bucket = "x"` as SOURCES__AWS_CUR__BUCKET: the shape that dlt users know."""
    path = folder / ".dlt" / "config.toml"
    if not path.is_file():
        return {}
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise BillingError("SETTING_INVALID", f"{path} is not valid TOML: {exc}.") from exc
    wanted: dict[str, object] = {
        name: tree[name]
        for name in ("sources", "destination", "bookkeeping_bucket", "focus_dataset", "google_billing_export")
        if name in tree
    }
    return dict(_flatten(wanted, ()))


def _flatten(tree: Mapping[str, object], path: tuple[str, ...]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in tree.items():
        here = (*path, name.upper())
        if isinstance(value, dict) and name != "type_overrides":
            pairs += _flatten(value, here)
        else:
            pairs.append(("__".join(here), json.dumps(value, default=str) if isinstance(value, dict) else str(value)))
    return pairs


def _source_keys(values: Mapping[str, str]) -> list[str]:
    keys = set()
    for name in values:
        if not name.startswith("SOURCES__"):
            continue
        match = _VARIABLE.fullmatch(name)
        if match is None or match["field"] not in _FIELDS:
            known = ", ".join(sorted(_FIELDS))
            raise BillingError("SETTING_INVALID", f"{name} is no setting of a source; known fields: {known}.")
        keys.add(match["key"])
    return sorted(keys)


def _source(key: str, values: Mapping[str, str], project: str) -> Source:
    base = f"SOURCES__{key}__"
    if not _NAME.fullmatch(key.lower()) or key != key.upper() or len(key) > _LONGEST_KEY:
        raise BillingError("SETTING_INVALID", f"{base}BUCKET: the key must look like AWS_CUR, not '{key}'.")
    if key.lower() == GOOGLE_KEY:
        why = "is what Google Cloud's own export is called in x_source: rename the source, to GCP_BILLING for example"
        raise BillingError("SETTING_INVALID", f"{base}BUCKET: the key {key} {why}.")
    if f"{base}PREFIX" not in values:
        raise BillingError("SETTING_MISSING", f"{base}PREFIX is not set; '' means the whole bucket.")
    return Source(
        key=key.lower(),
        bucket=_required(values, f"{base}BUCKET", _BUCKET),
        prefix=_path(values, f"{base}PREFIX"),
        source_path=_path(values, f"{base}SOURCE_PATH"),
        format_name=_format(values, f"{base}FORMAT"),
        export_name=_required(values, f"{base}EXPORT_NAME"),
        project=_optional(values, f"{base}PROJECT_ID", project, _PROJECT),
        dataset=_required(values, f"{base}DATASET", _NAME),
        table=_required(values, f"{base}TABLE_NAME", _NAME),
        type_overrides=_overrides(values, f"{base}TYPE_OVERRIDES"),
        settle_hours=_hours(values, f"{base}SETTLE_HOURS"),
    )


def _required(values: Mapping[str, str], name: str, shape: re.Pattern[str] | None = None) -> str:
    value = values.get(name, "")
    if not value:
        raise BillingError("SETTING_MISSING", f"{name} is not set.")
    if shape is not None and not shape.fullmatch(value):
        raise BillingError("SETTING_INVALID", f"{name} must match {shape.pattern}, but is '{value}'.")
    return value


def _optional(values: Mapping[str, str], name: str, default: str, shape: re.Pattern[str]) -> str:
    return _required(values, name, shape) if values.get(name) else default


def _path(values: Mapping[str, str], name: str) -> str:
    """Storage Transfer wants a path to be '' or to end in '/', and so do we: the two must be the same."""
    value = values.get(name, "")
    if value and (not value.endswith("/") or value.startswith("/")):
        raise BillingError("SETTING_INVALID", f"{name} must end in '/' and not begin with it, but is '{value}'.")
    return value


def _format(values: Mapping[str, str], name: str) -> str:
    value = _required(values, name)
    if value not in FORMATS:
        raise BillingError("SETTING_INVALID", f"{name} must be one of {', '.join(FORMATS)}, but is '{value}'.")
    return value


def _overrides(values: Mapping[str, str], name: str) -> Mapping[str, str]:
    text = values.get(name) or "{}"
    try:
        given = json.loads(text)
    except json.JSONDecodeError as exc:
        raise BillingError("SETTING_INVALID", f"{name} is not valid JSON: {exc}.") from exc
    if not isinstance(given, dict) or not all(isinstance(kind, str) for kind in given.values()):
        raise BillingError("SETTING_INVALID", f'{name} must be like {{"product/ECU": "STRING"}}, but is {text}.')
    types = {column: _ALIASES.get(kind.upper(), kind.upper()) for column, kind in given.items()}
    for column, kind in types.items():
        if kind not in BIGQUERY_TYPES:
            known = ", ".join(sorted(BIGQUERY_TYPES))
            raise BillingError("SETTING_INVALID", f"{name}: '{kind}' of {column} is not one of {known}.")
    return types


def _hours(values: Mapping[str, str], name: str) -> float:
    text = values.get(name) or "3"
    try:
        hours = float(text)
    except ValueError:
        hours = -1.0
    if not 0 <= hours <= 168:
        raise BillingError("SETTING_INVALID", f"{name} must be hours from 0 to 168, but is '{text}'.")
    return hours


def _reject_shared_ground(sources: tuple[Source, ...], bookkeeping: str) -> None:
    """Two sources in one table wipe each other's months; overlapping prefixes load one file twice."""
    for index, one in enumerate(sources):
        if one.bucket == bookkeeping:
            raise BillingError("SETTING_INVALID", f"BOOKKEEPING_BUCKET {bookkeeping} is a landing bucket: use another.")
        if one.table == STATUS_VIEW:
            raise BillingError("SETTING_INVALID", f"SOURCES__{one.key.upper()}__TABLE_NAME is the name of a view.")
        for other in sources[index + 1 :]:
            shared = _tables(one) & _tables(other)
            if shared:
                names = f"SOURCES__{one.key.upper()}__TABLE_NAME and SOURCES__{other.key.upper()}__TABLE_NAME"
                raise BillingError("SETTING_INVALID", f"{names} name the same table {min(shared)}.")
            nested = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
            if one.bucket == other.bucket and nested:
                names = f"SOURCES__{one.key.upper()}__PREFIX and SOURCES__{other.key.upper()}__PREFIX"
                raise BillingError("SETTING_INVALID", f"{names} overlap in bucket {one.bucket}.")


def _tables(source: Source) -> set[str]:
    """What a source makes in its dataset: its table, the tracking table and the views beside it."""
    charges = ("_charges",) if source.format.maps else ()
    return {f"{source.destination}{suffix}" for suffix in ("", "_load_tracking", "_loads", *charges)}
