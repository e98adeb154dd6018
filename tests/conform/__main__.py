"""`make conform PROJECT=... LOCATION=...`: ask Google Cloud itself whether it follows the rules of the emulator.

It ends with 0 if all tests agree, 1 if one differs, 2 for a wrong call or a project that holds our prefix, 3 if the
project cannot be reached or refuses a test. An interrupted run deletes what it made, and ends with 128 and the signal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from unittest.mock import patch

import pytest
from dlt.common.runtime import signals as dlt_signals

from tests.conform.arguments import Arguments, read_arguments
from tests.conform.connection import FAILURES, connect, is_google
from tests.conform.cost import FULL_RUN, MOST_DOLLARS, Usage, counted
from tests.conform.errors import AGREES, DIFFERS, UNREACHABLE, USAGE, ConformError, explain
from tests.conform.leftovers import clean, delete_run, refuse_leftovers
from tests.conform.plugin import ConformPlugin, Results, Verdict
from tests.conform.project import GoogleProject
from tests.conform.signals import Interruption
from tests.conform.table import lines, summary
from tests.contract.rules import read_rules
from tests.support.paths import ROOT


def main(argv: Sequence[str]) -> int:
    try:
        wanted = read_arguments(argv, os.environ)
        try:
            return _main(wanted)
        except FAILURES as error:
            raise ConformError(explain(error, wanted.project, wanted.location), UNREACHABLE) from error
    except ConformError as error:
        print(f"conform: {error}", file=sys.stderr)
        return error.code


def _main(wanted: Arguments) -> int:
    project = connect(wanted)
    if wanted.clean:
        return clean(project)
    refuse_leftovers(project)
    print(f"Project {project.project}, location {project.location}: all names begin with {project.name}.")
    print(f"A full run costs at most {FULL_RUN}. It takes about half an hour.", flush=True)
    usage, interruption = Usage(), Interruption()
    with interruption.handled():
        try:
            with counted(usage, _stop):
                project.probe()
                results = _run_tests(project, wanted.rules, interruption)
        except BaseException:
            if interruption.number is None:
                raise
            results = Results()  # pytest cannot print every KeyboardInterrupt, and then fails itself
        finally:
            interruption.defer()
            deleted = delete_run(project)
    if interruption.number is not None:
        print(f"Interrupted.{' The run left nothing.' if deleted else ''}")
        return interruption.exit_code
    print("\n".join(lines(read_rules(), results)))
    print(f"\n{summary(results)}. This run cost at most {usage}.")
    return _exit_code(results, deleted)


def _run_tests(project: GoogleProject, rules: str, interruption: Interruption) -> Results:
    plugin = ConformPlugin(project, interruption, is_google=is_google())
    arguments = [
        str(ROOT / "tests" / "contract"),
        f"--rootdir={ROOT}",
        "-p",
        "pytest_timeout",
        "--tb=no",
        "--no-summary",
    ]
    few_plugins = patch.dict(os.environ, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    # dlt keeps the first signal for itself
    with few_plugins, patch.object(dlt_signals, "intercepted_signals", nullcontext):
        code = pytest.main([*arguments, "-k", rules] if rules else arguments, plugins=[plugin])
    if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise ConformError(f"-k {rules!r} selects no test: use a word of a test's name in tests/contract/.", USAGE)
    if code == pytest.ExitCode.INTERNAL_ERROR:
        raise ConformError("pytest itself failed: its lines above say why.", UNREACHABLE)
    return plugin.results


def _stop() -> None:
    pytest.exit(f"The run stops, because its requests may have cost {MOST_DOLLARS:.2f} USD.")


def _exit_code(results: Results, deleted: bool) -> int:
    found = {verdict for verdicts in results.verdicts.values() for verdict in verdicts}
    if Verdict.DIFFERS in found:
        return DIFFERS
    return UNREACHABLE if Verdict.REFUSED in found or not deleted else AGREES


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
