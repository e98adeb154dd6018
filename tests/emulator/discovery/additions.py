"""What Google's services accept and document elsewhere, but not in their discovery documents. A test needs each one."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Addition:
    """`allows` is the sentence of the judge that is no violation after all."""

    allows: re.Pattern[str]
    reason: str
    source: str


_UPLOADS = r"(bigquery\.v2 bigquery\.jobs|storage\.v1 storage\.objects)\.insert"

ADDITIONS = (
    Addition(
        re.compile(_UPLOADS + r": query parameter upload_id: the discovery document has no such parameter\."),
        "The address of a resumable upload, which the service gives itself, has it.",
        "https://docs.cloud.google.com/storage/docs/resumable-uploads#session-uris",
    ),
    Addition(
        re.compile(
            r"bigquery\.v2 bigquery\.jobs\.(get|cancel): "
            r"query parameter projection: the discovery document has no such parameter\."
        ),
        "Google's Python client sends it with each look at a job. The document has it for jobs.list only.",
        "https://github.com/googleapis/python-bigquery/blob/main/google/cloud/bigquery/client.py, Client.get_job",
    ),
    Addition(
        re.compile(r"bigquery\.v2 \S+: query parameter formatOptions\.useInt64Timestamp: 'True' is not .*"),
        "Google's Python client spells the boolean as Python does, and reads rows by it every day.",
        "https://github.com/googleapis/python-bigquery/blob/main/google/cloud/bigquery/client.py, Client.list_rows",
    ),
    Addition(
        re.compile(
            r"pubsub\.v1 pubsub\.projects\.(topics|subscriptions)\.patch: "
            r"query parameter updateMask: the discovery document has no such parameter\."
        ),
        "Terraform's provider sends the mask in the query, and changes topics by it. The document has it in the body.",
        "https://github.com/GoogleCloudPlatform/magic-modules/blob/main/mmv1/products/pubsub/Topic.yaml, update_mask",
    ),
)
