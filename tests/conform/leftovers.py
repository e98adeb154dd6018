"""What the project holds under our prefix: none before a run, none after it, and `make conform-clean` for the rest."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

from tests.conform.connection import FAILURES
from tests.conform.errors import AGREES, USAGE, ConformError
from tests.conform.project import PREFIX, GoogleProject, Held

_THREAD_SECONDS = 30


def refuse_leftovers(project: GoogleProject) -> None:
    """Raises ConformError if another run works in the project, or was killed."""
    if held := project.held():
        listed = ", ".join(str(one) for one in held)
        raise ConformError(
            f"Project {project.project} already holds names with our prefix {PREFIX}: {listed}. "
            f"If no other run is working there, delete them: {_clean_command(project)}{_by_hand(project, held)}.",
            USAGE,
        )


def clean(project: GoogleProject) -> int:
    """Delete what runs have left. Only what has our label is ours."""
    held = project.held()
    project.delete([one for one in held if one.labelled])
    left = project.held()
    for one in sorted(set(held) - set(left)):
        print(f"deleted {one}")
    if left:
        by_hand = "; ".join(one.deletion(project.project) for one in left)
        print(f"These have our prefix, but not our label. If you do not need them: {by_hand}")
    return USAGE if left else AGREES


def delete_run(project: GoogleProject) -> bool:
    """Delete everything of this run, and say what is left. Return whether nothing is."""
    for thread in threading.enumerate():  # a thread of an interrupted test may still write
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(_THREAD_SECONDS)
    try:
        left = [str(one) for one in project.delete_run()]
    except FAILURES as error:
        left = [f"everything that begins with {project.name} ({' '.join(str(error).split())[:200]})"]
    if left:
        print(
            f"conform: this run could not delete {', '.join(left)}: run {_clean_command(project)}. "
            "Objects and tables in it are deleted within two days.",
            file=sys.stderr,
        )
    return not left


def _clean_command(project: GoogleProject) -> str:
    return f"`make conform-clean PROJECT={project.project} LOCATION={project.location}`"


def _by_hand(project: GoogleProject, held: Sequence[Held]) -> str:
    """Name what the command will not delete, because no run has made it."""
    commands = [f"`{one.deletion(project.project)}`" for one in held if not one.labelled]
    return f" (and what has no label of ours: {', '.join(commands)})" if commands else ""
