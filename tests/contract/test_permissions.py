"""Google's permissions on the emulator: what each request needs, and how Google refuses it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests
from google.api_core.exceptions import Forbidden, GoogleAPICallError, MethodNotImplemented, NotFound
from google.cloud import bigquery

from tests.contract.emulator_dataset import EmulatorDataset
from tests.emulator import Emulator
from tests.emulator.permissions import AuthorizedViews, Grant, Policy
from tests.emulator.permissions.policy import permissions_of
from tests.emulator.permissions.sql_needs import Need, Statement, UnknownStatementError, statements

pytestmark = pytest.mark.only_local("another account needs grants in the project, and a token of its own")

EMAIL = "worker@local-project.iam.gserviceaccount.com"
MEMBER = f"serviceAccount:{EMAIL}"
PROJECT = "projects/local-project"
RULES = "https://cloud.google.com/storage/docs/access-control/iam-json"
Grants = Callable[..., None]


@pytest.fixture
def grants(emulator: Emulator) -> Iterator[Grants]:
    """Give the worker roles: pairs of a role and a resource. Each call replaces the last one's."""

    def give(*pairs: tuple[str, str], condition: str = "", authorized: tuple[AuthorizedViews, ...] = ()) -> None:
        made = tuple(Grant("the test", MEMBER, role, place, condition) for role, place in pairs)
        emulator.permissions.put("contract", Policy(emulator.project, made, authorized))

    yield give
    emulator.permissions.remove("contract")


@pytest.fixture
def bucket(emulator: Emulator) -> str:
    name = f"permissions-{uuid4().hex[:10]}"
    emulator.create_bucket(name)
    emulator.upload(name, "a.txt", b"old")
    return name


def path_of(bucket: str) -> str:
    return f"projects/_/buckets/{bucket}"


def dataset_path(dataset: EmulatorDataset) -> str:
    return f"{PROJECT}/datasets/{dataset.name}"


STORAGE: dict[str, tuple[Callable[[Any], object], str, tuple[str, ...], str]] = {
    # request: what it is, a role that allows it, other roles, the permission that those lack
    "get": (
        lambda bucket: bucket.blob("a.txt").download_as_bytes(),
        "storage.objectViewer",
        ("storage.legacyBucketReader",),
        "objects.get access to the Google Cloud Storage object",
    ),
    "list": (
        lambda bucket: list(bucket.list_blobs()),
        "storage.objectViewer",
        ("storage.legacyObjectReader",),
        "objects.list access to the Google Cloud Storage bucket",
    ),
    "get bucket": (
        lambda bucket: bucket.reload(),
        "storage.legacyBucketReader",
        ("storage.objectUser",),
        "buckets.get access to the Google Cloud Storage bucket",
    ),
    "create": (
        lambda bucket: bucket.blob(uuid4().hex).upload_from_string(b""),
        "storage.objectUser",
        ("storage.objectViewer",),
        "objects.create access to the Google Cloud Storage object",
    ),
    "delete": (
        lambda bucket: bucket.blob("a.txt").delete(),
        "storage.objectUser",
        ("storage.objectViewer",),
        "objects.delete access to the Google Cloud Storage object",
    ),
}


@pytest.mark.parametrize("request_name", STORAGE)
def test_storage_refuses_what_no_role_allows(
    emulator: Emulator, grants: Grants, bucket: str, request_name: str
) -> None:
    """https://cloud.google.com/storage/docs/access-control/iam-json"""
    send, allowing, others, lacking = STORAGE[request_name]
    handle = emulator.storage_client(MEMBER).bucket(bucket)
    grants(*((f"roles/{role}", path_of(bucket)) for role in others))

    with pytest.raises(Forbidden) as caught:
        send(handle)

    permission = f"storage.{lacking.partition(' ')[0]}"
    sentence = f"Permission '{permission}' denied on resource (or it may not exist)."
    text = caught.value.response.text
    assert f"{EMAIL} does not have storage.{lacking}. {sentence}" in text
    assert '"reason": "forbidden"' in text

    grants((f"roles/{allowing}", path_of(bucket)))
    send(handle)


def test_overwriting_an_object_needs_the_permission_to_delete(
    emulator: Emulator, grants: Grants, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """https://cloud.google.com/storage/docs/access-control/iam-json (a footnote of objects.insert)"""
    creator = frozenset({"storage.objects.create"})  # as roles/storage.objectCreator, which Terraform does not grant
    monkeypatch.setattr("tests.emulator.permissions.policy.permissions_of", lambda _: creator)
    grants(("roles/storage.objectCreator", path_of(bucket)))
    handle = emulator.storage_client(MEMBER).bucket(bucket)

    handle.blob("new.txt").upload_from_string(b"new")
    with pytest.raises(Forbidden, match=r"storage\.objects\.delete"):
        handle.blob("a.txt").upload_from_string(b"new")


def test_condition_limits_a_grant_to_its_resources(emulator: Emulator, grants: Grants, bucket: str) -> None:
    handle = emulator.storage_client(MEMBER).bucket(bucket)
    emulator.upload(bucket, "open/b.txt", b"b")
    grants(
        ("roles/storage.objectViewer", PROJECT),
        condition=f'resource.name.startsWith("{path_of(bucket)}/objects/open/")',
    )

    assert handle.blob("open/b.txt").download_as_bytes() == b"b"
    with pytest.raises(Forbidden):
        handle.blob("a.txt").download_as_bytes()


def test_request_without_a_token_is_unauthorized(emulator: Emulator, bucket: str) -> None:
    answer = requests.get(f"{emulator.environment()['STORAGE_EMULATOR_HOST']}/storage/v1/b/{bucket}/o")

    assert answer.status_code == 401
    assert answer.json()["error"]["message"].startswith("Anonymous caller does not have storage.objects.list access")


def test_unknown_method_is_refused_loudly(emulator: Emulator, grants: Grants, bucket: str) -> None:
    """The emulator must not let an account do what it has no requirement for."""
    grants(("roles/storage.objectUser", path_of(bucket)))
    handle = emulator.storage_client(MEMBER).bucket(bucket)

    with pytest.raises(MethodNotImplemented, match=r"storage\.objects\.compose needs: add it"):
        handle.blob("b.txt").compose([handle.blob("a.txt")])
    with pytest.raises(GoogleAPICallError, match="GET /bigquery/v2/projects/local-project/datasets needs: add it"):
        list(emulator.bigquery_client(MEMBER).list_datasets(retry=None))


def test_query_needs_a_job_and_the_data_of_its_tables(
    emulator: Emulator, grants: Grants, dataset: EmulatorDataset
) -> None:
    """https://cloud.google.com/bigquery/docs/troubleshoot-access-control"""
    emulator.bigquery.query_and_wait(f"CREATE TABLE `{dataset.name}.t` AS SELECT 1 AS x")
    client, sql = emulator.bigquery_client(MEMBER), f"SELECT x FROM `{dataset.name}.t`"
    viewer = ("roles/bigquery.dataViewer", dataset_path(dataset))
    user = ("roles/bigquery.jobUser", PROJECT)

    grants(viewer)
    with pytest.raises(Forbidden, match=r"User does not have bigquery\.jobs\.create permission in project local"):
        client.query_and_wait(sql)
    grants(user)
    with pytest.raises(Forbidden, match=f"User does not have permission to query table local-project:{dataset.name}.t"):
        client.query_and_wait(sql)
    with pytest.raises(Forbidden, match=r"Permission bigquery\.tables\.get denied on table local-project:\w+\.t "):
        client.get_table(f"{dataset.name}.t")
    grants(user, viewer)
    assert [row["x"] for row in client.query_and_wait(sql)] == [1]
    with pytest.raises(Forbidden, match=r"Permission bigquery\.tables\.create denied on dataset"):
        client.query_and_wait(f"CREATE TABLE `{dataset.name}.u` AS SELECT 1 AS x")


def test_load_needs_bucket_objects_and_table(
    emulator: Emulator, grants: Grants, dataset: EmulatorDataset, bucket: str
) -> None:
    """https://cloud.google.com/bigquery/docs/batch-loading-data#required_permissions"""
    client, place = emulator.bigquery_client(MEMBER), dataset_path(dataset)
    config = bigquery.LoadJobConfig(schema=[bigquery.SchemaField("x", "STRING")], source_format="CSV")
    needed = [
        ("roles/bigquery.jobUser", PROJECT),
        ("roles/bigquery.dataEditor", place),
        ("roles/storage.objectViewer", path_of(bucket)),
        ("roles/storage.legacyBucketReader", path_of(bucket)),
    ]

    def load() -> Any:
        return client.load_table_from_uri(f"gs://{bucket}/a.txt", f"{dataset.name}.t", job_config=config).result()

    for missing, words in zip(
        needed, ("jobs.create", "tables.create", "storage.objects.get", "storage.buckets.get"), strict=True
    ):
        grants(*(pair for pair in needed if pair != missing))
        with pytest.raises(Forbidden, match=words):
            load()
    grants(*needed)
    assert load().output_rows == 1


def test_job_of_another_account_is_hidden(emulator: Emulator, grants: Grants) -> None:
    """Its maker alone has bigquery.jobs.get: https://cloud.google.com/bigquery/docs/jobs-overview"""
    where = {"project": emulator.project, "location": emulator.location}
    grants(("roles/bigquery.jobUser", PROJECT))
    client, theirs, own = emulator.bigquery_client(MEMBER), f"theirs_{uuid4().hex}", f"own_{uuid4().hex}"
    emulator.bigquery.query("SELECT 1", job_id=theirs, job_retry=None).result()
    client.query("SELECT 1", job_id=own, job_retry=None).result()

    assert client.get_job(own, **where).state == "DONE"
    assert emulator.bigquery.get_job(own, **where).state == "DONE"
    with pytest.raises(Forbidden, match=r"Permission bigquery\.jobs\.get denied"):
        client.get_job(theirs, **where)
    with pytest.raises(NotFound):
        client.get_job("missing", **where)


def test_authorized_views_read_for_their_reader(emulator: Emulator, grants: Grants, dataset: EmulatorDataset) -> None:
    """https://cloud.google.com/bigquery/docs/authorized-datasets"""
    shared = bigquery.Dataset(f"{emulator.project}.{dataset.name}_views")
    shared.location = emulator.location
    emulator.bigquery.create_dataset(shared)
    emulator.bigquery.query_and_wait(f"CREATE TABLE `{dataset.name}.t` AS SELECT 1 AS x")
    for name, query in (
        (f"{dataset.name}.inner", f"SELECT * FROM `{dataset.name}.t`"),
        (f"{shared.dataset_id}.over_table", f"SELECT * FROM `{dataset.name}.t`"),
        (f"{shared.dataset_id}.over_view", f"SELECT * FROM `{dataset.name}.inner`"),
    ):
        emulator.bigquery.query_and_wait(f"CREATE VIEW `{name}` AS {query}")
    views = f"{PROJECT}/datasets/{shared.dataset_id}"
    reader = (("roles/bigquery.jobUser", PROJECT), ("roles/bigquery.dataViewer", views))
    client = emulator.bigquery_client(MEMBER)

    grants(*reader)
    for view in ("over_table", "over_view"):
        with pytest.raises(Forbidden, match=f"query table local-project:{dataset.name}."):
            client.query_and_wait(f"SELECT x FROM `{shared.dataset_id}.{view}`")
    grants(*reader, authorized=(AuthorizedViews("the test", dataset_path(dataset), views),))
    for view in ("over_table", "over_view"):
        assert [row["x"] for row in client.query_and_wait(f"SELECT x FROM `{shared.dataset_id}.{view}`")] == [1]
    for hidden in ("t", "inner"):
        with pytest.raises(Forbidden):
            client.query_and_wait(f"SELECT x FROM `{dataset.name}.{hidden}`")
    emulator.bigquery.delete_dataset(shared, delete_contents=True)


def on(table: str, *verbs: str) -> tuple[Need, ...]:
    """Return needs of `bigquery.tables` on a table, or on a dataset for a name without a dot."""
    place = f"projects/p/datasets/{table.replace('.', '/tables/')}"
    return tuple(Need(f"bigquery.tables.{verb}", place) for verb in verbs)


STATEMENTS = {
    "SELECT 1": Statement((), ()),
    "WITH a AS (SELECT * FROM d.t) SELECT * FROM a, a.tags": Statement(("d.t",), ()),
    "SELECT * FROM `p.d.INFORMATION_SCHEMA.PARTITIONS`": Statement((), on("d", "get", "list")),
    "CREATE VIEW d.v AS SELECT * FROM d.t": Statement(("d.t",), on("d", "create")),
    "CREATE OR REPLACE VIEW d.v AS SELECT * FROM d.t": Statement(("d.t",), on("d", "create") + on("d.v", "update")),
    "CREATE TABLE d.u AS SELECT * FROM d.t": Statement(("d.t",), on("d", "create") + on("d.u", "updateData")),
    "INSERT INTO d.u (x) SELECT x FROM d.t": Statement(("d.t",), on("d.u", "updateData")),
    "DELETE FROM d.u WHERE TRUE": Statement(("d.u",), on("d.u", "updateData")),
    "MERGE d.u USING d.t ON FALSE WHEN NOT MATCHED THEN INSERT ROW": Statement(("d.t", "d.u"), on("d.u", "updateData")),
    "ALTER TABLE d.u ADD COLUMN x STRING": Statement((), on("d.u", "get", "update")),
    "DROP TABLE IF EXISTS d.u": Statement((), on("d.u", "get", "delete")),
    "DECLARE x BOOL": Statement((), ()),
}


@pytest.mark.parametrize("sql", STATEMENTS)
def test_statement_needs_what_its_reference_names(sql: str) -> None:
    wanted = STATEMENTS[sql]
    reads = tuple(f"projects/p/datasets/{table.replace('.', '/tables/')}" for table in wanted.reads)

    assert statements(sql, "p") == (Statement(reads, wanted.needs),)


@pytest.mark.parametrize(
    "sql",
    ["CREATE SCHEMA p.d", "EXECUTE IMMEDIATE 'SELECT 1'", "SELECT * FROM t", "SELECT * FROM d.INFORMATION_SCHEMA.JOBS"],
)
def test_statement_without_a_requirement_is_refused(sql: str) -> None:
    with pytest.raises(UnknownStatementError):
        statements(sql, "p")


def test_unknown_role_says_where_to_add_it() -> None:
    with pytest.raises(LookupError, match=r"roles/storage.admin is not in tests/emulator/permissions/roles.json: add"):
        permissions_of("roles/storage.admin")
