"""The command line of `make conform`, and the sentence for each thing that is missing."""

from __future__ import annotations

import pytest
import requests
from google.api_core.exceptions import (
    BadRequest,
    Forbidden,
    MethodNotImplemented,
    NotFound,
    RetryError,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
)
from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError

from tests.conform.arguments import Arguments, read_arguments
from tests.conform.errors import USAGE, ConformError, explain, is_refusal

DISABLED = (
    "BigQuery API has not been used in project 1 before or it is disabled. Enable it by visiting"
    " https://console.developers.google.com/apis/api/bigquery.googleapis.com/overview?project=1 then retry."
)


def test_arguments_are_read() -> None:
    wanted = read_arguments(["my-project", "europe-west1", "-k", "storage"], {})

    assert wanted == Arguments("my-project", "europe-west1", "storage", clean=False)


@pytest.mark.parametrize(
    ("argv", "environment", "sentence"),
    [
        (["", "EU"], {}, "PROJECT is missing: make conform PROJECT=my-project LOCATION=europe-west1."),
        (["my-project", ""], {}, "LOCATION is missing: make conform"),
        (["My Project", "EU"], {}, "PROJECT 'My Project' is not an id of a project: `gcloud projects list`"),
        (["123456789012", "EU"], {}, "PROJECT '123456789012' is not an id"),
        (["my-project", "eu"], {}, "LOCATION 'eu' is not a location: use EU or US (upper case)"),
        (["my-project", "europe-west1-b"], {}, "LOCATION 'europe-west1-b' is not a location"),
        (
            ["my-project", "EU"],
            {"STORAGE_EMULATOR_HOST": "http://127.0.0.1:1"},
            "STORAGE_EMULATOR_HOST is set, but BIGQUERY_EMULATOR_HOST is not: set both",
        ),
    ],
)
def test_wrong_argument_is_one_sentence(argv: list[str], environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConformError) as caught:
        read_arguments(argv, environment)

    assert str(caught.value).startswith(sentence)
    assert caught.value.code == USAGE


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (DefaultCredentialsError("x"), "credentials are missing: run `gcloud auth application-default login`."),
        (RefreshError("invalid_grant"), "has ended: run `gcloud auth application-default login` again."),
        (Unauthorized("Request had invalid credentials"), "run `gcloud auth application-default login` again."),
        (requests.exceptions.ConnectionError("refused"), "does not answer: check the network"),
        (RetryError("late", cause=TransportError("no route")), "does not answer: check the network"),
        (Forbidden(DISABLED), "The API bigquery.googleapis.com is disabled: run `gcloud services enable bigquery."),
        (
            Forbidden("Cloud Storage JSON API has not been used in project 1 before or it is disabled."),
            "run `gcloud services enable storage.googleapis.com --project=my-project`.",
        ),
        (
            Forbidden("The billing account for the owning project is disabled in state absent"),
            "run `gcloud billing projects link my-project --billing-account=ACCOUNT`.",
        ),
        (Forbidden("'us' violates constraint 'constraints/gcp.resourceLocations'"), "use a LOCATION that it allows."),
        (
            Forbidden("me@example.com does not have storage.buckets.list access to the Google Cloud project."),
            "run `gcloud projects add-iam-policy-binding my-project --member=user:YOU --role=roles/storage.admin` and",
        ),
        (BadRequest("The specified location constraint is not valid."), "LOCATION europe-west1 is not known: use EU"),
        (NotFound("Not found: Project my-project"), "does not exist, or your login cannot see it: run `gcloud"),
        (BadRequest("Unknown project id: my-project"), "does not exist, or your login cannot see it: run `gcloud"),
        (TooManyRequests("later"), "refuses the first requests in project my-project: 429 later"),
    ],
)
def test_what_is_missing_is_one_sentence_with_its_fix(error: Exception, sentence: str) -> None:
    assert sentence in explain(error, "my-project", "europe-west1")


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (Forbidden("no"), True),
        (TooManyRequests("later"), True),
        (TransportError("no route"), True),
        (ServiceUnavailable("later"), True),
        (MethodNotImplemented("not on an emulator"), True),
        (NotFound("gone"), False),
        (BadRequest("wrong"), False),
        (AssertionError("1 == 2"), False),
    ],
)
def test_error_of_a_test_is_a_refusal_or_a_difference(error: Exception, refused: bool) -> None:
    assert is_refusal(error) is refused
