"""What the stand-in rejects because another resource exists, or does not. And the rules for empty values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.emulator import Emulator
from tests.emulator.terraform_provider.deployment import provider_environment
from tests.emulator.terraform_provider.provider import RECORDED
from tests.emulator.terraform_provider.sdk import planned_block, planned_value
from tests.emulator.terraform_provider.slots import Slot
from tests.emulator.terraform_provider.values import UNKNOWN, Object, ProviderError
from tests.terraform.golden_resources import StandIn

OPTIONAL = {"optional": True, "type": "string"}
COMPUTED = {"optional": True, "computed": True, "type": "string"}
VARIABLES = {"optional": True, "computed": True, "type": ["map", "string"], "added": {"ADDED": "1"}}
CONDITION = {"display_name": "c", "condition_matched_log": [{"filter": "severity>=ERROR"}]}
POLICY = {"display_name": "p", "combiner": "OR", "project": "p", "conditions": [CONDITION]}


@pytest.mark.parametrize(
    ("attribute", "value", "slot", "planned"),
    [
        (OPTIONAL, None, Slot("a", None, is_new=True), None),
        (OPTIONAL, None, Slot("a", None, is_new=True, in_set=True), ""),
        (OPTIONAL, None, Slot("a", "", is_new=False), ""),  # unset is what the provider read back
        (OPTIONAL, None, Slot("a", "old", is_new=False), None),
        (OPTIONAL, "", Slot("a", "old", is_new=False), ""),
        ({**OPTIONAL, "default": "d"}, None, Slot("a", None, is_new=True), "d"),
        (COMPUTED, "", Slot("a", None, is_new=True), UNKNOWN),
        (COMPUTED, "", Slot("a", "old", is_new=False), "old"),  # let go in silence
        (COMPUTED, "new", Slot("a", "old", is_new=False), "new"),
        ({"optional": True, "type": ["map", "string"]}, {}, Slot("a", None, is_new=True), None),
        (VARIABLES, {"A": ""}, Slot("a", {"A": "old", "ADDED": "1"}, is_new=False), {"A": "old", "ADDED": "1"}),
        (VARIABLES, {"B": "b"}, Slot("a", {"A": "old"}, is_new=False), {"B": "b"}),
        ({"optional": True, "type": ["list", "string"]}, ["a", UNKNOWN], Slot("a", None, is_new=True), UNKNOWN),
        ({**OPTIONAL, "slash": True}, "https://a", Slot("a", "https://a/", is_new=False), "https://a/"),
    ],
)
def test_value_is_planned_as_by_the_sdk(attribute: Any, value: Any, slot: Slot, planned: Any) -> None:
    assert planned_value(attribute, value, slot) == planned


@pytest.mark.parametrize(
    ("nesting", "slot", "planned"),
    [
        ({}, Slot("b", [{"a": 1}], is_new=False), []),
        ({"computed": True}, Slot("b", None, is_new=True), UNKNOWN),
        ({"computed": True}, Slot("b", [{"a": 1}], is_new=False), [{"a": 1}]),  # a removed block stays
        ({"unset": [{"a": False}]}, Slot("b", [{"a": False}], is_new=False), [{"a": False}]),
    ],
)
def test_removed_block_is_planned_as_by_the_sdk(nesting: Any, slot: Slot, planned: Any) -> None:
    assert planned_block(nesting, [], slot) == planned


def apply(stand_in: StandIn, kind: str, config: Object, prior: Object | None = None) -> Object:
    return stand_in.apply(kind, stand_in.plan(kind, config, prior), prior)


@pytest.mark.parametrize(("force", "is_deleted"), [(False, False), (True, True)])
def test_channel_that_a_policy_uses_is_deleted_by_force_only(force: bool, is_deleted: bool) -> None:
    stand_in = StandIn(RECORDED)
    channel_kind, policy_kind = "google_monitoring_notification_channel", "google_monitoring_alert_policy"
    channel = apply(stand_in, channel_kind, {"type": "email", "project": "p", "force_delete": force})
    policy = apply(stand_in, policy_kind, {**POLICY, "notification_channels": [channel["name"]]})

    if is_deleted:
        stand_in.delete(channel_kind, channel)
    else:
        with pytest.raises(ProviderError, match=r"channel cannot be deleted: .* is used by"):
            stand_in.delete(channel_kind, channel)
    apply(stand_in, policy_kind, POLICY, policy)
    stand_in.delete(channel_kind, channel)


def test_function_must_name_the_generation_of_its_new_zip(emulator: Emulator, name: str, tmp_path: Path) -> None:
    """The provider keeps the old generation of a source that names none, and the new object does not have it."""
    stand_in = StandIn({**provider_environment(emulator), "GOOGLE_PROJECT": emulator.project})
    apply(stand_in, "google_storage_bucket", {"name": name, "location": "europe-west1"})
    (tmp_path / "zip").write_bytes(b"a zip")
    zips = [{"bucket": name, "name": version, "source": str(tmp_path / "zip")} for version in ("old", "new")]
    generations = [apply(stand_in, "google_storage_bucket_object", one)["generation"] for one in zips]
    old = apply(stand_in, "google_cloudfunctions2_function", function(name, object="old"))

    with pytest.raises(ProviderError, match=r"new#\d+ of the function does not exist"):
        apply(stand_in, "google_cloudfunctions2_function", function(name, object="new"), old)
    named = function(name, object="new", generation=generations[1])
    new = apply(stand_in, "google_cloudfunctions2_function", named, old)

    made = [one["build_config"][0]["source"][0]["storage_source"][0]["generation"] for one in (old, new)]
    assert made == generations


def function(bucket: str, **source: Any) -> Object:
    storage = {"bucket": bucket, **source}
    build = {"runtime": "python313", "entry_point": "main", "source": [{"storage_source": [storage]}]}
    return {"name": "f", "location": "europe-west1", "build_config": [build]}
