"""The exit code of a command."""

import sys
from collections.abc import Callable

from billing.gcp.api_errors import classify


def exit_code(work: Callable[[], int]) -> int:
    """Of a command: what Google Cloud or the loader refuses ends as one sentence and 1; only a bug has a traceback."""
    try:
        return work()
    except Exception as exc:
        known = classify(exc)
        if known is None:
            raise
        print(" ".join(str(known).split()), file=sys.stderr)
        return 1
