"""Every request that reaches the emulator, and every answer of it, is as Google's discovery documents say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import requests
from google.api_core.exceptions import BadRequest
from google.events.cloud.storage import StorageObjectData
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.emulator import Emulator
from tests.emulator.discovery import answer_violations, violations
from tests.emulator.discovery.additions import ADDITIONS, Addition
from tests.emulator.discovery.batches import MULTIPART, BatchReply, BatchRequest, batch_replies, written
from tests.emulator.discovery.bigquery_judge import BigQueryJudge
from tests.emulator.discovery.exchange import batch_violations, reply_violations, request_violations
from tests.emulator.discovery.judge import undocumented
from tests.emulator.events import Events
from tests.emulator.http_threads import serve_in_thread, stop_serving
from tests.emulator.permissions import PolicyStore, token_of
from tests.emulator.storage_event import storage_event
from tests.emulator.storage_server import gate_handler

pytestmark = pytest.mark.only_local("it checks the emulator's judge, which Google Cloud does not have")

BIGQUERY = "/bigquery/v2/projects/p"
STORAGE = "/storage/v1/b"
FUNCTION = "/v2/projects/p/locations/l/functions/f"
TRANSFER = "/v1/transferJobs/1"
APIS = {"bigquery": "bigquery.v2", "storage": "storage.v1"}
RUN = "/v1/projects/p/locations/l/services/s"
LOAD = {"configuration": {"load": {"destinationTable": {"projectId": "p", "datasetId": "d", "tableId": "t"}}}}
NO_FIELD = "the discovery document has no such field"


def load(**options: Any) -> dict[str, Any]:
    return {"configuration": {"load": {**LOAD["configuration"]["load"], **options}}}


@pytest.mark.parametrize(
    ("api", "method", "path", "query", "body", "sentence"),
    [
        ("storage.v1", "GET", "/storage/v1/bucket/x", [], None, "has no such method: it has no method for this path"),
        ("storage.v1", "PATCH", f"{STORAGE}/x/o", [], None, "no such method: it has GET, POST for it"),
        ("storage.v1", "GET", f"{STORAGE}/x/o/y/z", [], None, "no such method"),
        ("run.v1", "GET", f"{RUN}:getPolicy", [], None, "no such method"),
        ("storage.v1", "GET", f"{STORAGE}/x/o", [("prefx", "a")], None, "parameter prefx: the discovery document"),
        ("storage.v1", "GET", f"{STORAGE}/x/o", [("maxResults", "many")], None, "parameter maxResults"),
        ("storage.v1", "GET", f"{STORAGE}/x/o", [("versions", "True")], None, "parameter versions: 'True' is not"),
        ("storage.v1", "GET", f"{STORAGE}/x/o", [("projection", "all")], None, "parameter projection"),
        ("storage.v1", "GET", f"{STORAGE}/x/o", [("alt", "media")], None, "no download for this method"),
        ("storage.v1", "GET", f"{STORAGE}/x/o", [("prefix", "a"), ("prefix", "b")], None, "prefix is given twice"),
        ("storage.v1", "POST", STORAGE, [], {"name": "x"}, "query parameter project is missing"),
        ("storage.v1", "DELETE", f"{STORAGE}/x", [], {"name": "x"}, "has no body for this method"),
        ("storage.v1", "PATCH", f"{STORAGE}/x/o/y", [], {"metadata": {"a": 1}}, 'field metadata.a: 1 is not of types'),
        ("bigquery.v2", "POST", f"{BIGQUERY}/jobs", [], load(sourceUri=["a"]), f"load.sourceUri: {NO_FIELD}"),
        ("bigquery.v2", "POST", f"{BIGQUERY}/jobs", [], load(sourceUris="a"), 'load.sourceUris: "a" is not of types'),
        ("bigquery.v2", "POST", f"{BIGQUERY}/jobs", [], load(skipLeadingRows="one"), "load.skipLeadingRows"),
        ("bigquery.v2", "POST", f"{BIGQUERY}/jobs", [], load(columnNameCharacterMap="V3"), "is not one of"),
        ("bigquery.v2", "POST", f"{BIGQUERY}/jobs", [], load(allowQuotedNewlines="yes"), "load.allowQuotedNewlines"),
        ("bigquery.v2", "POST", f"{BIGQUERY}/jobs", [], load(schema={"fields": [{"nam": 1}]}), "schema.fields[0].nam"),
        ("monitoring.v3", "POST", "/v3/projects/p/alertPolicies", [], {"combiner": "XOR"}, "field combiner"),
        ("logging.v2", "POST", "/v2/projects/p/metrics", [], {"fliter": "a"}, f"field fliter: {NO_FIELD}"),
        ("cloudfunctions.v2", "PATCH", FUNCTION, [("updateMask", "labels,buildConfg")], {}, "updateMask: buildConfg"),
        ("cloudfunctions.v2", "PATCH", FUNCTION, [("updateMask", "buildConfig.runtme")], {}, "buildConfig.runtme: Fun"),
        ("storagetransfer.v1", "PATCH", TRANSFER, [], {"updateTransferJobFieldMask": "scedule"}, "TransferJob has no"),
    ],
)  # fmt: skip
def test_what_the_document_does_not_have_is_one_sentence(
    api: str, method: str, path: str, query: list[tuple[str, str]], body: Any, sentence: str
) -> None:
    (found,) = violations(api, method, path, query, body)

    assert found.startswith(api)
    assert sentence in found


@pytest.mark.parametrize(
    ("api", "method", "path", "query", "body"),
    [
        ("storage.v1", "GET", f"{STORAGE}/x/o/a%2Fb", [("alt", "media"), ("generation", "17")], None),
        ("storage.v1", "GET", f"/download{STORAGE}/x/o/a%2Fb", [("alt", "media")], None),
        ("storage.v1", "POST", f"/upload{STORAGE}/x/o", [("uploadType", "multipart")], {"name": "a"}),
        ("storage.v1", "PATCH", f"{STORAGE}/x/o/y", [], {"metadata": {"any": "name"}, "generation": 17, "acl": None}),
        ("storage.v1", "GET", f"{STORAGE}/x/o", [("prettyPrint", "false"), ("quotaUser", "u")], None),
        ("bigquery.v2", "POST", f"{BIGQUERY}/jobs", [], load(skipLeadingRows="1", maxBadRecords=0, encoding=None)),
        ("bigquery.v2", "POST", f"/upload{BIGQUERY}/jobs", [("uploadType", "resumable")], LOAD),
        ("bigquery.v2", "PATCH", f"{BIGQUERY}/datasets/d/tables/t", [], {"expirationTime": 17, "kind": "read-only"}),
        ("run.v1", "GET", f"{RUN}:getIamPolicy", [("options.requestedPolicyVersion", "3")], None),
        ("cloudfunctions.v2", "PATCH", FUNCTION, [("updateMask", "build_config.runtime,labels,labels.a")], {}),
        ("storagetransfer.v1", "PATCH", TRANSFER, [], {"updateTransferJobFieldMask": "transfer_spec,status"}),
        ("secretmanager.v1", "POST", "/v1/projects/p/secrets/s:addVersion", [], {"payload": {"data": "aGk="}}),
    ],
)  # fmt: skip
def test_what_google_accepts_is_no_violation(
    api: str, method: str, path: str, query: list[tuple[str, str]], body: Any
) -> None:
    assert violations(api, method, path, query, body) == []


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"generation": 17}, 'field generation: 17 is not of type "string"'),
        ({"componentCount": "1"}, 'field componentCount: "1" is not of type "integer"'),
        ({"timeCreated": "yesterday"}, 'field timeCreated: "yesterday" does not match'),
        ({"md5Hash": None}, 'field md5Hash: null is not of type "string"'),
        ({"kind": "storage#bucket"}, 'field kind: "storage#object" was expected'),
        ({"sizes": "1"}, f"field sizes: {NO_FIELD}"),
        ({"owner": {"entityID": "a"}}, f"field owner.entityID: {NO_FIELD}"),
        ([], "field at the top"),
    ],
)
def test_an_answer_has_only_what_its_schema_has(answer: Any, sentence: str) -> None:
    (found,) = answer_violations("storage.v1", "GET", f"{STORAGE}/x/o/y", answer)

    assert sentence in found


def test_an_answer_that_is_no_json_is_a_violation() -> None:
    (html,) = reply_violations("storage.v1", "GET", f"{STORAGE}/x", 200, "text/html", b"<html>")
    (cut,) = reply_violations("storage.v1", "GET", f"{STORAGE}/x", 200, "application/json", b'{"a":')
    (deleted,) = reply_violations("storage.v1", "DELETE", f"{STORAGE}/x", 200, "application/json", b"null")

    assert "its type is 'text/html'" in html
    assert "it is no JSON" in cut
    assert "has no answer for this method" in deleted


@pytest.mark.parametrize(
    ("kind", "target", "body", "sentence"),
    [
        ("application/json", f"/upload{STORAGE}/x/o?uploadType=media&name=a", b'{"any": "content"}', ""),
        ("application/json", f"/upload{STORAGE}/x/o?uploadType=resumable", b'{"nam": "a"}', f"field nam: {NO_FIELD}"),
        ("application/json", f"{STORAGE}?project=p", b"{", "the body is no JSON"),
        (
            "multipart/related; boundary=b",
            f"/upload{STORAGE}/x/o?uploadType=multipart",
            b'--b\r\nContent-Type: application/json\r\n\r\n{"nam": "a"}\r\n--b\r\n\r\n\xff\xfe\r\n--b--',
            f"field nam: {NO_FIELD}",
        ),
        (
            "multipart/mixed; boundary=b",
            "/batch/storage/v1",
            b"--b\r\nContent-Type: application/http\r\n\r\nGET /storage/v1/b/x/o?generaton=1 HTTP/1.1\r\n\r\n--b--",
            "query parameter generaton",
        ),
    ],
)
def test_bodies_of_uploads_and_batches_are_read(kind: str, target: str, body: bytes, sentence: str) -> None:
    found = request_violations("storage.v1", "POST", target, {"content-type": kind}, body)

    assert [sentence in one for one in found] == ([True] if sentence else [])


@pytest.mark.parametrize(
    ("addition", "method", "path", "query"),
    [
        (ADDITIONS[0], "POST", f"/upload{BIGQUERY}/jobs", ("upload_id", "1")),
        (ADDITIONS[0], "POST", f"/upload{STORAGE}/x/o", ("upload_id", "1")),
        (ADDITIONS[1], "GET", f"{BIGQUERY}/jobs/j", ("projection", "full")),
        (ADDITIONS[1], "POST", f"{BIGQUERY}/jobs/j/cancel", ("projection", "full")),
        (ADDITIONS[2], "GET", f"{BIGQUERY}/queries/j", ("formatOptions.useInt64Timestamp", "True")),
        (ADDITIONS[2], "GET", f"{BIGQUERY}/datasets/d/tables/t/data", ("formatOptions.useInt64Timestamp", "True")),
        (ADDITIONS[3], "PATCH", "/v1/projects/p/topics/t", ("updateMask", "labels")),
        (ADDITIONS[3], "PATCH", "/v1/projects/p/subscriptions/s", ("updateMask", "labels")),
    ],
)
def test_each_addition_is_still_missing_in_the_document(
    addition: Addition, method: str, path: str, query: tuple[str, str]
) -> None:
    api = next((api for part, api in APIS.items() if part in path), "pubsub.v1")

    (missing,) = undocumented(api, method, path, [query])

    assert addition.allows.fullmatch(missing)
    assert violations(api, method, path, [query]) == []


def test_the_additions_are_only_those_that_have_a_test() -> None:
    assert len(ADDITIONS) == 4


@pytest.mark.parametrize("wrong", [{"size": "many"}, {"timeCreated": "yesterday"}, {"metadata": ["a"]}, {"etag": 1}])
def test_an_event_has_the_data_of_googles_own_type(wrong: dict[str, Any]) -> None:
    resource = {"bucket": "b", "name": "a", "generation": "17", "size": "1", "metadata": {"any": "name"}}

    event = storage_event(resource)
    events = Events()
    events.finalized({**resource, **wrong})

    assert StorageObjectData.from_json(event.body()).generation == 17
    with pytest.raises(RuntimeError, match=rf"could not be sent:\n  b/a: .*{next(iter(wrong))}"):
        events.settle()


# -- at the edge of the servers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"),
    [
        ("GET", "storage/v1/bb", None, "no such method"),
        ("GET", "storage/v1/b?project=p&prefx=a", None, "query parameter prefx"),
        ("POST", "storage/v1/b?project=p", {"name": "x", "locaton": "EU"}, f"field locaton: {NO_FIELD}"),
        ("POST", "storage/v1/b?project=p", {"name": 1}, "field name: 1 is not of types"),
        ("GET", "bigquery/v2/projects/p/dataset", None, "no such method"),
        ("GET", "bigquery/v2/projects/p/datasets?filtr=a", None, "query parameter filtr"),
        ("POST", "bigquery/v2/projects/p/jobs", load(sourceUri=["a"]), f"load.sourceUri: {NO_FIELD}"),
        ("POST", "bigquery/v2/projects/p/queries", {"query": "SELECT 1", "jobCreationMode": "SOME"}, "is not one of"),
    ],
)
def test_the_emulator_refuses_such_a_request_with_400(
    emulator: Emulator, method: str, path: str, body: Any, sentence: str
) -> None:
    name = "STORAGE_EMULATOR_HOST" if "storage" in path else "BIGQUERY_EMULATOR_HOST"

    answer = requests.request(method, f"{emulator.environment()[name]}/{path}", json=body, headers=OWNER)

    assert answer.status_code == 400
    assert sentence in answer.json()["error"]["message"]


def test_each_request_in_a_batch_is_judged(emulator: Emulator, bucket: str) -> None:
    wrong = emulator.storage.batch()

    with pytest.raises(BadRequest, match="query parameter ifGenerationMatch"), wrong:
        emulator.storage.bucket(bucket).delete_blob("a", if_generation_match="newest")


@pytest.mark.parametrize(
    ("replies", "sentence"),
    [
        ([BatchReply(200, "application/json", b'{"name": 1}')], 'storage.objects.get answer: field name: 1 is not of'),
        ([BatchReply(200, "text/html", b"<html>")], "its type is 'text/html'"),
        ([BatchReply(404, "text/plain", b"Not found")], ""),
        ([BatchReply(204, "", b"")], ""),
    ],
)  # fmt: skip
def test_each_answer_in_a_batch_is_judged(replies: list[BatchReply], sentence: str) -> None:
    requests_of_batch = [BatchRequest("GET", f"{STORAGE}/x/o/y", {}, b"", f"<{n}>") for n, _ in enumerate(replies)]

    content = written(requests_of_batch, replies)

    found = batch_violations("storage.v1", requests_of_batch, MULTIPART, content)
    assert b"Content-ID: <response-0>" in content
    assert [sentence in one for one in found] == ([True] if sentence else [])


def test_a_batch_has_an_answer_for_each_request() -> None:
    request = BatchRequest("DELETE", f"{STORAGE}/x/o/y", {}, b"")

    content = written([request], [BatchReply(204, "", b"")])

    assert batch_violations("storage.v1", [request] * 2, MULTIPART, content) == [
        "storage.v1 batch answer: it has 1 answers for 2 requests."
    ]


OWNER = {"Authorization": f"Bearer {token_of(None)}"}
WRONG_BUCKET = {"kind": "storage#bucket", "name": "x", "metageneration": 1}


class _Wrong(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content = json.dumps(WRONG_BUCKET).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def wrong_storage(tmp_path: Path) -> Iterator[str]:
    """A gate in front of a storage that gives a number where Google gives text."""
    wrong = serve_in_thread(_Wrong, "wrong-storage")
    store = PolicyStore("p", tmp_path / "policy.json")
    gate = serve_in_thread(gate_handler(wrong.server_address[1], lambda _: None, tmp_path, store), "gate")
    yield f"http://127.0.0.1:{gate.server_address[1]}"
    stop_serving(gate)
    stop_serving(wrong)


def test_a_wrong_answer_of_the_storage_becomes_an_error(wrong_storage: str) -> None:
    answer = requests.get(f"{wrong_storage}/storage/v1/b/x", headers=OWNER)

    assert answer.status_code == 501
    assert 'storage.buckets.get answer: field metageneration: 1 is not of type "string"' in answer.text.replace(
        "\\", ""
    )


def test_a_wrong_answer_in_a_batch_becomes_an_error_of_its_part(wrong_storage: str) -> None:
    batch = "--b\r\nContent-Type: application/http\r\n\r\nGET /storage/v1/b/x HTTP/1.1\r\n\r\n--b--"
    headers = {"Content-Type": "multipart/mixed; boundary=b", **OWNER}

    answer = requests.post(f"{wrong_storage}/batch/storage/v1", batch, headers=headers)

    (reply,) = batch_replies(answer.headers["Content-Type"], answer.content)
    assert (answer.status_code, reply.status) == (200, 501)
    assert b"storage.buckets.get answer: field metageneration: 1 is not of type" in reply.body


async def sent_by(app: ASGIApp, path: str) -> list[Message]:
    """Return what an application sends for a GET."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}, receive, send)
    return sent


def test_a_wrong_answer_of_bigquery_becomes_an_error() -> None:
    async def wrong(scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse({"kind": "bigquery#dataset", "labels": {"a": 1}})(scope, receive, send)

    start, answer = asyncio.run(sent_by(BigQueryJudge(wrong), f"{BIGQUERY}/datasets/d"))

    assert start["status"] == 501
    assert b"bigquery.datasets.get answer: field labels.a: 1 is not of type" in answer["body"]
