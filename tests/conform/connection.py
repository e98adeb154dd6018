"""The clients of a run: Google Cloud with the login of gcloud, or the emulator that the environment names."""

from __future__ import annotations

import os

import google.auth
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery, storage
from google.oauth2.credentials import Credentials
from requests.exceptions import RequestException

from tests.conform.arguments import ENDPOINTS, Arguments
from tests.conform.project import GoogleProject
from tests.emulator.permissions import token_of

FAILURES = (GoogleAPICallError, RetryError, GoogleAuthError, RequestException)
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)


def is_google() -> bool:
    return not any(os.environ.get(name) for name in ENDPOINTS)


def connect(wanted: Arguments) -> GoogleProject:
    """Build the clients. Nothing is sent, but the login is read. Raises GoogleAuthError."""
    credentials = google.auth.default(scopes=_SCOPES)[0] if is_google() else Credentials(token_of(None))
    files = storage.Client(project=wanted.project, credentials=credentials)
    tables = bigquery.Client(project=wanted.project, location=wanted.location, credentials=credentials)
    return GoogleProject(wanted.project, wanted.location, files, tables, credentials)
