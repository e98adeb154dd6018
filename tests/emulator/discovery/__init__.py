"""Google's discovery documents as the judge of requests and answers.

    violations          what a request has that its API's document has not
    answer_violations   the same for an answer

Both are pure: they take an API like `storage.v1` and a decoded request, and give sentences. None means: as documented.
`exchange.py` decodes what a server got and gives; `bigquery_judge.py` and the gate of storage refuse at their edge.
"""

from tests.emulator.discovery.judge import answer_violations, body_violations, violations

__all__ = ["answer_violations", "body_violations", "violations"]
