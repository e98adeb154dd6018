"""What to do with a delivery: every branch, and no order of arrivals that mixes two of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from billing.decisions.decide import decide
from billing.decisions.decision import Load, Reject, Skip, Wait
from billing.decisions.delivery import Delivery, StoredObject, name_digest
from billing.decisions.policy import Policy
from billing.decisions.snapshot import MonthSnapshot, UnreadableManifest
from billing.decisions.state import LoadedDelivery, MonthState, Rejection
from billing.decisions.table import Table, TableIdentity
from billing.manifests import DataFile, Export

NOW = datetime(2025, 10, 20, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=5)
TABLE = TableIdentity("p.d.t", "2025-01-01T00:00:00+00:00")
POLICY = Policy(timedelta(hours=3), "print-1")
FINGERPRINT = POLICY.fingerprint(TABLE.created)
LOADS = "loads"
FOLDER = "in/20251001-20251101/"
MANIFEST = f"{FOLDER}cur-Manifest.json"
FILES = tuple(f"{FOLDER}cur-{n}.csv.gz" for n in (1, 2, 3))

EXPORT = Export(
    name="cur",
    execution="run-2",
    month="2025-10",
    order_key="2",
    files=tuple(DataFile(name, None, None) for name in FILES),
    columns=(),
    overwrites=False,
    covers_until=None,
    rows=None,
)


def stored(
    name: str, content: str = "2", *, size: int = 10, generation: int = 1, updated: datetime = EARLIER
) -> StoredObject:
    return StoredObject(name, size, f"crc-{content}", generation, updated)


def found(*objects: StoredObject) -> Mapping[str, StoredObject]:
    return {one.name: one for one in objects}


WHOLE = Delivery(EXPORT, MANIFEST, found(stored(MANIFEST), *map(stored, FILES)))


def head_for(delivery: Delivery, **changes: object) -> LoadedDelivery:
    """The loaded that a load of the delivery leaves."""
    loaded = LoadedDelivery(
        execution=delivery.export.execution,
        order_key=delivery.export.order_key,
        content=delivery.content,
        covers_until=delivery.export.covers_until,
        rows=7,
        job_id="job-1",
        table=TABLE.name,
        table_created=TABLE.created,
        files={name_digest(one.name): one.content for one in delivery.files} if delivery.export.overwrites else {},
    )
    return replace(loaded, **changes)  # type: ignore[arg-type]


OLDER = head_for(WHOLE, execution="run-1", order_key="1", content="other")
NEWER = head_for(WHOLE, execution="run-3", order_key="3", content="other")


def decide_for(
    delivery: Delivery,
    state: MonthState,
    *,
    table: TableIdentity = TABLE,
    policy: Policy = POLICY,
    now: datetime = NOW,
) -> Skip | Wait | Reject | str:
    """The decision, or LOADS if it is a load of this delivery into this table."""
    known = Table(table, (), None)
    decision = decide(MonthSnapshot(delivery, state, known), policy, now)
    if isinstance(decision, Load):
        assert decision == Load(delivery, state, known)
        return LOADS
    return decision


def judged(delivery: Delivery = WHOLE, loaded: LoadedDelivery | None = None, **rejected: Rejection) -> object:
    return decide_for(delivery, MonthState(loaded=loaded, rejected=rejected))


def of(export: Export, objects: Iterable[StoredObject] | None = None) -> Delivery:
    return Delivery(export, MANIFEST, WHOLE.objects if objects is None else found(*objects))


def test_a_complete_delivery_of_a_month_that_is_not_booked_is_loaded() -> None:
    assert judged() == LOADS


def test_a_newer_delivery_is_loaded_over_an_older_one() -> None:
    assert judged(loaded=OLDER) == LOADS


def test_an_older_delivery_never_replaces_a_newer_one() -> None:
    assert judged(loaded=NEWER) == Skip("SUPERSEDED", "Execution run-3 is newer and already loaded.")


def test_an_older_delivery_is_superseded_even_while_its_files_are_missing() -> None:
    assert judged(of(EXPORT, []), NEWER) == Skip("SUPERSEDED", "Execution run-3 is newer and already loaded.")


def test_a_loaded_delivery_with_new_content_never_replaces_a_newer_one_that_is_not_booked() -> None:
    changed = replace(WHOLE, objects={**WHOLE.objects, FILES[0]: stored(FILES[0], "again")})
    books = MonthState(loaded=head_for(WHOLE))
    assert decide_for(changed, books) == LOADS
    assert decide_for(changed, replace(books, uncommitted=NEWER)) == Skip(
        "SUPERSEDED", "Execution run-3 is newer and already loaded."
    )


def test_another_delivery_of_the_same_order_key_is_loaded() -> None:
    assert judged(loaded=replace(OLDER, order_key=EXPORT.order_key)) == LOADS


@pytest.mark.parametrize("overwrites", [False, True])
def test_the_same_delivery_with_the_same_content_is_a_duplicate(*, overwrites: bool) -> None:
    delivery = of(replace(EXPORT, overwrites=overwrites))
    assert judged(delivery, head_for(delivery)) == Skip("DUPLICATE", "Already loaded by job-1.")


def test_identical_bytes_in_new_generations_are_a_duplicate() -> None:
    again = of(EXPORT, [stored(name, generation=9, updated=NOW) for name in FILES])
    assert again.generations != WHOLE.generations
    assert judged(again, head_for(WHOLE)) == Skip("DUPLICATE", "Already loaded by job-1.")


def test_a_duplicate_some_of_whose_files_are_gone_stays_loaded() -> None:
    assert judged(of(EXPORT, [stored(FILES[0])]), head_for(WHOLE)) == (
        Skip("DUPLICATE", "Already loaded by job-1; 2 of its files no longer exist.")
    )


def test_the_same_delivery_with_another_content_is_loaded_again() -> None:
    fixed = of(EXPORT, [stored(FILES[0], "fixed"), *map(stored, FILES[1:])])
    assert judged(fixed, head_for(WHOLE)) == LOADS


def test_the_same_delivery_with_another_content_waits_for_files_of_the_right_size() -> None:
    export = replace(EXPORT, files=tuple(DataFile(name, 10, None) for name in FILES))
    fixed = of(export, [stored(FILES[0], "fixed", size=9), *map(stored, FILES[1:])])
    assert judged(fixed, head_for(of(export))) == (
        Wait("WAITING_FOR_FILES", f"1 not of the manifest's size, first {FILES[0]} (9 of 10 bytes).")
    )


def test_an_overwrite_delivery_that_was_moved_is_loaded_once_more_when_it_is_still() -> None:
    """By another PREFIX: the same execution and bytes under names of which none is booked."""
    export = replace(EXPORT, overwrites=True)
    booked = head_for(of(export), content="of the old names", files={name_digest("old/cur-1.csv.gz"): "10:crc-2"})
    still = NOW - timedelta(hours=4)
    moved = of(export, [stored(MANIFEST, updated=still), *(stored(name, updated=still) for name in FILES)])
    assert judged(moved, booked) == LOADS
    assert isinstance(judged(of(export), booked), Wait)


def test_files_that_change_under_a_loaded_manifest_wait_for_the_next_one_however_long() -> None:
    export = replace(EXPORT, overwrites=True)
    old = datetime(2025, 1, 1, tzinfo=UTC)
    changed = of(export, [stored(FILES[0], "3", updated=old), *map(stored, FILES[1:])])
    assert judged(changed, head_for(of(export))) == (
        Wait("WAITING_FOR_MANIFEST", "Files changed, but their manifest did not. The next manifest decides.")
    )


@pytest.mark.parametrize("destination", [TableIdentity("p.d.other", TABLE.created), TableIdentity(TABLE.name, "later")])
def test_a_head_of_another_table_or_of_one_made_anew_is_no_head(destination: TableIdentity) -> None:
    for loaded in (head_for(WHOLE), NEWER, replace(OLDER, covers_until="2025-10-31")):
        assert decide_for(WHOLE, MonthState(loaded=loaded), table=destination) == LOADS


def test_a_torn_load_is_loaded_again() -> None:
    assert judged(loaded=head_for(WHOLE, changed_during_load=True)) == LOADS


def test_a_torn_load_is_superseded_by_nothing_older() -> None:
    assert judged(loaded=replace(NEWER, changed_during_load=True)) == Skip(
        "SUPERSEDED", "Execution run-3 is newer and already loaded."
    )


TWO_AND_ONE = f"2 of 3 files missing, first {FILES[0]}; 1 not of the manifest's size, first {FILES[1]} (1 of 10 bytes)."
SIZED = replace(EXPORT, files=tuple(DataFile(name, 10, None) for name in FILES))


@pytest.mark.parametrize(
    ("objects", "sentence"),
    [
        ([], f"3 of 3 files missing, first {FILES[0]}."),
        ([stored(MANIFEST), stored(FOLDER)], f"3 of 3 files missing, first {FILES[0]}."),
        ([stored(FILES[0]), stored(MANIFEST), stored(FILES[2])], f"1 of 3 files missing, first {FILES[1]}."),
        (
            [stored(MANIFEST), stored(f"{FOLDER}cur-2.csv"), stored(FILES[0]), stored(f"{FOLDER}cur-3.csv")],
            f"2 of 3 files missing, first {FILES[1]} (the folder has {FOLDER}cur-2.csv).",
        ),
        (
            [stored(FILES[0]), stored(FILES[1], size=0), stored(FILES[2], size=11)],
            f"2 not of the manifest's size, first {FILES[1]} (0 of 10 bytes).",
        ),
        ([stored(FILES[1], size=1)], TWO_AND_ONE),
    ],
)
def test_what_is_missing_or_too_short_is_named(objects: list[StoredObject], sentence: str) -> None:
    assert judged(of(SIZED, objects)) == judged(of(SIZED, objects), OLDER) == Wait("WAITING_FOR_FILES", sentence)


def test_files_that_the_manifest_does_not_name_are_no_matter() -> None:
    more = of(SIZED, [*WHOLE.objects.values(), stored(f"{FOLDER}cur-4.csv.gz", size=99)])
    assert judged(more, head_for(of(SIZED))) == Skip("DUPLICATE", "Already loaded by job-1.")
    assert judged(more) == LOADS


@pytest.mark.parametrize(
    ("changes", "loaded", "verdict"),
    [
        ({"month": "2025-11"}, None, Reject("FUTURE_MONTH", "The manifest names 2025-11, which has not begun.")),
        ({"month": "2999-01"}, OLDER, Reject("FUTURE_MONTH", "The manifest names 2999-01, which has not begun.")),
        (
            {"submitted": NOW + timedelta(hours=25)},
            OLDER,
            Reject("FUTURE_RUN", f"Execution run-2 was submitted at {NOW + timedelta(hours=25):%F %H:%M} UTC."),
        ),
        ({"submitted": NOW + timedelta(hours=23)}, OLDER, LOADS),
        ({"rows": 0}, None, Reject("EMPTY_DELIVERY", "Execution run-2 has no data; 2025-10 is unchanged.")),
        ({"files": ()}, OLDER, Reject("EMPTY_DELIVERY", "Execution run-2 has no data; 2025-10 is unchanged.")),
        (
            {"covers_until": "2025-10-04"},
            replace(OLDER, covers_until="2025-10-05"),
            Reject("COVERS_FEWER_DAYS", "Execution run-2 covers up to 2025-10-04, but 2025-10-05 is loaded."),
        ),
        *(
            (
                {"scope": "/subscriptions/b"},
                replace(loaded, scope="/subscriptions/a"),
                Reject("OTHER_SCOPE", "Execution run-2 is of /subscriptions/b, but /subscriptions/a is loaded."),
            )
            for loaded in (OLDER, NEWER)
        ),
        ({"scope": "/subscriptions/a"}, replace(OLDER, scope="/subscriptions/a"), LOADS),
        ({"scope": "/subscriptions/a"}, OLDER, LOADS),
        ({"scope": ""}, replace(OLDER, scope="/subscriptions/a"), LOADS),
        ({"covers_until": "2025-10-05"}, replace(OLDER, covers_until="2025-10-05"), LOADS),
        ({"covers_until": "2025-10-06"}, replace(OLDER, covers_until="2025-10-05"), LOADS),
        ({"covers_until": "2025-10-04"}, OLDER, LOADS),
        ({"covers_until": None}, replace(OLDER, covers_until="2025-10-05"), LOADS),
        ({"covers_until": "2025-10-04"}, None, LOADS),
        ({"rows": None}, None, LOADS),
        ({"month": "2010-01"}, None, LOADS),
    ],
)
def test_a_delivery_that_must_not_replace_a_month_is_rejected(
    changes: dict[str, object], loaded: LoadedDelivery | None, verdict: object
) -> None:
    assert judged(of(replace(EXPORT, **changes)), loaded) == verdict  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        ("2025-10-30T23:59:59", Reject("FUTURE_MONTH", "The manifest names 2025-11, which has not begun.")),
        ("2025-10-31T00:00:00", LOADS),
        ("2025-11-01T00:00:00", LOADS),
    ],
)
def test_a_month_has_begun_when_it_has_somewhere_on_earth(now: str, verdict: object) -> None:
    delivery = of(replace(EXPORT, month="2025-11"))
    assert decide_for(delivery, MonthState(), now=datetime.fromisoformat(f"{now}+00:00")) == verdict


@pytest.mark.parametrize(
    "export",
    [
        replace(EXPORT, rows=0),
        replace(EXPORT, month="2025-12"),
        replace(EXPORT, covers_until="2025-10-02"),
    ],
)
def test_a_delivery_is_judged_when_it_is_complete_and_so_rejected_once(export: Export) -> None:
    """Judged at its first file, it would be rejected again with every file that follows."""
    loaded = replace(OLDER, covers_until="2025-10-05")
    for count in range(3):
        early = judged(of(export, map(stored, FILES[:count])), loaded)
        assert isinstance(early, Wait)
    assert isinstance(judged(of(export, map(stored, FILES)), loaded), Reject)


BOOKED = Rejection("VALUE_DOES_NOT_FIT", WHOLE.content, FINGERPRINT)
REFUSED = Skip("ALREADY_REJECTED", "Execution run-2 was rejected as VALUE_DOES_NOT_FIT, and nothing changed since.")


@pytest.mark.parametrize(
    ("past", "verdict"),
    [
        (BOOKED, REFUSED),
        (replace(BOOKED, content="other"), LOADS),
        (replace(BOOKED, fingerprint="print-2"), LOADS),
        (None, LOADS),
    ],
)
def test_a_rejection_stands_until_the_delivery_the_loader_or_a_setting_changes(
    past: Rejection | None, verdict: object
) -> None:
    rejected = {} if past is None else {"run-2": past}
    assert decide_for(WHOLE, MonthState(rejected=rejected)) == verdict


def test_a_rejection_of_another_delivery_is_no_matter() -> None:
    assert decide_for(WHOLE, MonthState(rejected={"run-1": BOOKED})) == LOADS


def test_what_would_be_rejected_again_is_skipped_too() -> None:
    narrow = of(replace(EXPORT, covers_until="2025-10-01"))
    books = MonthState(loaded=replace(OLDER, covers_until="2025-10-05"), rejected={"run-2": BOOKED})
    assert decide_for(narrow, books) == REFUSED


def test_a_rejected_delivery_that_is_superseded_or_incomplete_is_told_so() -> None:
    books = MonthState(loaded=NEWER, rejected={"run-2": BOOKED})
    assert decide_for(WHOLE, books) == Skip("SUPERSEDED", "Execution run-3 is newer and already loaded.")
    gone = replace(BOOKED, content=of(EXPORT, []).content)
    assert isinstance(decide_for(of(EXPORT, []), MonthState(rejected={"run-2": gone})), Wait)


def test_an_unreadable_manifest_is_refused_once_as_well() -> None:
    cut = Reject("MANIFEST_NOT_JSON", "cur-Manifest.json is not complete JSON.")
    state = MonthState(rejected={"manifest-5": Rejection("MANIFEST_NOT_JSON", "5", "print-1")})

    def decided(generation: int, policy: Policy = POLICY) -> object:
        return decide(UnreadableManifest("2025-10", generation, cut, state), policy, NOW)

    assert decided(5) == (
        Skip("ALREADY_REJECTED", "Execution manifest-5 was rejected as MANIFEST_NOT_JSON, and nothing changed since.")
    )
    assert decided(6) == cut
    assert decided(5, replace(POLICY, source_fingerprint="print-2")) == cut


def test_content_and_generations_are_prints_of_the_named_files_only() -> None:
    backwards = of(replace(EXPORT, files=EXPORT.files[::-1]))
    strangers = of(EXPORT, [*WHOLE.objects.values(), stored("stranger")])
    for same in (backwards, strangers):
        assert (same.content, same.generations, same.byte_count) == (WHOLE.content, WHOLE.generations, 30)
    for one in (stored(FILES[0], "3"), stored(FILES[0], size=11)):
        other = of(EXPORT, [one, *map(stored, FILES[1:])])
        assert other.content != WHOLE.content
        assert other.generations == WHOLE.generations
    swapped = of(EXPORT, [stored(FILES[0], "3"), stored(FILES[1], "4"), stored(FILES[2])])
    back = of(EXPORT, [stored(FILES[0], "4"), stored(FILES[1], "3"), stored(FILES[2])])
    assert swapped.content != back.content
    assert len({WHOLE.content, swapped.content, back.content, of(EXPORT, []).content}) == 4


# Layouts whose data names repeat: each state of the bucket is what a transfer may show between two copies.


def overwrite(execution: str, files: Iterable[str] = FILES) -> Export:
    number = execution.removeprefix("run-")
    data = tuple(DataFile(name, None, None) for name in files)
    return replace(EXPORT, execution=execution, order_key=number, files=data, overwrites=True)


def bucket(execution: str, contents: Mapping[str, str], updated: datetime = EARLIER) -> Delivery:
    """The manifest of one execution over objects of possibly others."""
    objects = [stored(name, content, updated=updated) for name, content in contents.items()]
    return Delivery(overwrite(execution), MANIFEST, found(stored(MANIFEST, updated=updated), *objects))


FIRST = bucket("run-1", dict.fromkeys(FILES, "1"))
SECOND = bucket("run-2", dict.fromkeys(FILES, "2"))
SETTLES = Wait(
    "WAITING_TO_SETTLE",
    "Some files may belong to another delivery. The month loads when all files have changed, or at"
    " 2025-10-20 14:55 UTC.",
)


@pytest.mark.parametrize("order", itertools.permutations([MANIFEST, *FILES]))
def test_no_order_of_arrivals_loads_files_of_two_deliveries(order: tuple[str, ...]) -> None:
    """Delivery 1 is booked; the objects of delivery 2 arrive one by one, and each is an event."""
    loaded, contents, execution = head_for(FIRST), dict.fromkeys(FILES, "1"), "run-1"
    loads = []
    for arrived in order:
        if arrived == MANIFEST:
            execution = "run-2"
        else:
            contents[arrived] = "2"
        delivery = bucket(execution, contents)
        if judged(delivery, loaded) == LOADS:
            loads.append((execution, set(contents.values())))
            loaded = head_for(delivery)
    assert loads == [("run-2", {"2"})]
    assert judged(bucket(execution, contents), loaded) == Skip("DUPLICATE", "Already loaded by job-1.")


@pytest.mark.parametrize("order", itertools.permutations([MANIFEST, *FILES]))
@pytest.mark.parametrize("same", [FILES[:1], FILES[1:], FILES])
def test_a_delivery_that_repeats_some_bytes_is_loaded_when_the_bucket_is_still(
    order: tuple[str, ...], same: tuple[str, ...]
) -> None:
    loaded, contents, execution = head_for(FIRST), dict.fromkeys(FILES, "1"), "run-1"
    for arrived in order:
        if arrived == MANIFEST:
            execution = "run-2"
        elif arrived not in same:
            contents[arrived] = "2"
        assert judged(bucket(execution, contents), loaded) != LOADS
    assert judged(bucket(execution, contents), loaded) == SETTLES
    assert judged(bucket(execution, contents, NOW - timedelta(hours=3)), loaded) == LOADS


@pytest.mark.parametrize("order", itertools.permutations([MANIFEST, *FILES]))
def test_a_first_delivery_is_loaded_as_soon_as_all_of_it_is_there(order: tuple[str, ...]) -> None:
    verdicts = []
    for count in range(1, 5):
        here = order[:count]
        if MANIFEST in here:
            verdicts.append(judged(bucket("run-1", {name: "1" for name in FILES if name in here})))
    assert [type(verdict) for verdict in verdicts[:-1]] == [Wait] * (len(verdicts) - 1)
    assert verdicts[-1] == LOADS


def test_the_settle_time_starts_anew_with_every_object_that_changes() -> None:
    mixed = dict(zip(FILES, "212", strict=True))
    for quiet, loads in ((timedelta(hours=3), True), (timedelta(hours=3) - timedelta(seconds=1), False)):
        still = bucket("run-2", mixed, NOW - timedelta(days=1))
        for name in (MANIFEST, FILES[1]):
            touched = replace(still, objects={**still.objects, name: replace(still.objects[name], updated=NOW - quiet)})
            assert (judged(touched, head_for(FIRST)) == LOADS) is loads


def test_a_settle_time_of_nothing_trusts_what_is_there() -> None:
    mixed = bucket("run-2", dict(zip(FILES, "212", strict=True)), NOW)
    assert decide_for(mixed, MonthState(loaded=head_for(FIRST)), policy=replace(POLICY, settle=timedelta(0))) == LOADS


def test_a_delivery_of_more_or_fewer_files_is_judged_by_its_own() -> None:
    four = (*FILES, f"{FOLDER}cur-4.csv.gz")
    more = Delivery(overwrite("run-2", four), MANIFEST, found(*(stored(name, "2") for name in four)))
    fewer = Delivery(overwrite("run-2", FILES[:2]), MANIFEST, found(stored(FILES[2], "1"), *map(stored, FILES[:2])))
    assert judged(more, head_for(FIRST)) == LOADS
    assert judged(fewer, head_for(FIRST)) == LOADS


def test_a_torn_load_of_repeating_names_is_loaded_again_when_the_bucket_is_still() -> None:
    torn = head_for(FIRST, changed_during_load=True)
    assert judged(FIRST, torn) == SETTLES
    assert judged(bucket("run-1", dict.fromkeys(FILES, "1"), NOW - timedelta(hours=3)), torn) == LOADS


def test_the_delivery_after_a_torn_one_is_loaded_when_all_its_files_have_changed() -> None:
    assert (
        judged(bucket("run-2", dict(zip(FILES, "221", strict=True))), head_for(FIRST, changed_during_load=True))
        == SETTLES
    )
    assert judged(SECOND, head_for(FIRST, changed_during_load=True)) == LOADS


def test_a_table_made_anew_gets_the_loaded_delivery_again_but_never_a_mix() -> None:
    other = TableIdentity(TABLE.name, "later")
    books = MonthState(loaded=head_for(FIRST))
    mixed = bucket("run-1", dict(zip(FILES, "211", strict=True)))
    assert decide_for(FIRST, books, table=other) == LOADS
    assert decide_for(mixed, books, table=other) == SETTLES
    assert decide_for(SECOND, books, table=other) == LOADS


@pytest.mark.parametrize("loaded", [None, head_for(bucket("run-0", dict.fromkeys(FILES, "0")))])
@pytest.mark.parametrize("rejected", ["run-1", "manifest-5"])
def test_after_a_rejected_delivery_only_a_still_bucket_is_trusted(loaded: LoadedDelivery | None, rejected: str) -> None:
    """Its files differ from the booked ones just as those of the next delivery do."""
    past = {rejected: Rejection("HEADER_UNREADABLE", FIRST.content, FINGERPRINT)}
    for contents in ("211", "221", "222"):
        here = dict(zip(FILES, contents, strict=True))
        assert judged(bucket("run-2", here), loaded, **past) == SETTLES
        assert judged(bucket("run-2", here, NOW - timedelta(hours=3)), loaded, **past) == LOADS


def test_a_rejected_delivery_whose_file_was_repaired_is_loaded_at_once() -> None:
    past = {"run-2": Rejection("HEADER_UNREADABLE", "as it was", FINGERPRINT)}
    assert judged(SECOND, head_for(FIRST), **past) == LOADS


@pytest.mark.parametrize("loaded", [None, head_for(FIRST)])
def test_a_manifest_that_outran_its_data_loads_no_files_of_a_delivery_that_nobody_looked_at(
    loaded: LoadedDelivery | None,
) -> None:
    """Run 2 came while the functions were down; of run 3 the manifest is there, and none, some or all of its data."""

    def at_hand(contents: str, *hours_ago: float) -> Delivery:
        here = bucket("run-3", dict(zip(FILES, contents, strict=True)))
        written = {
            name: NOW - timedelta(hours=hours) for name, hours in zip([MANIFEST, *FILES], hours_ago, strict=True)
        }
        return replace(here, objects={name: replace(one, written=written[name]) for name, one in here.objects.items()})

    for mixed in (at_hand("222", 1, 9, 9, 9), at_hand("322", 1, 1.1, 9, 9), at_hand("332", 1, 1.1, 1.1, 9)):
        assert judged(mixed, loaded) == SETTLES
    assert judged(at_hand("333", 1, 1.1, 1.1, 1.1), loaded) == LOADS


def test_under_a_manifest_without_an_id_files_that_changed_are_a_delivery_once_they_are_still() -> None:
    unnamed = replace(EXPORT, overwrites=True, has_execution_id=False)
    loaded = head_for(of(unnamed), content="other")
    changed = [stored(name, "new", updated=NOW - timedelta(hours=2)) for name in (MANIFEST, *FILES)]
    assert judged(of(unnamed), head_for(of(unnamed))) == Skip("DUPLICATE", "Already loaded by job-1.")
    assert getattr(judged(of(unnamed, changed), loaded), "code", None) == "WAITING_TO_SETTLE"
    still = [replace(one, updated=NOW - timedelta(hours=3)) for one in changed]
    assert judged(of(unnamed, still), loaded) == LOADS
    assert (
        getattr(judged(of(replace(unnamed, has_execution_id=True), still), loaded), "code", None)
        == "WAITING_FOR_MANIFEST"
    )
