"""The command line of `python -m tests.conform`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.conform.errors import USAGE, ConformError

EXAMPLE = "make conform PROJECT=my-project LOCATION=europe-west1"
ENDPOINTS = ("STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST")

# https://cloud.google.com/resource-manager/docs/creating-managing-projects
_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_LOCATION = re.compile(r"EU|US|[a-z]+-[a-z]+[0-9]+")  # as in terraform/variables.tf


@dataclass(frozen=True)
class Arguments:
    project: str
    location: str
    rules: str = ""  # an expression of pytest's -k
    clean: bool = False


def read_arguments(argv: Sequence[str], environment: Mapping[str, str]) -> Arguments:
    """Raises ConformError with the code of wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m tests.conform", description=__doc__)
    parser.add_argument("project", metavar="PROJECT", help="id of the project, not its name or number")
    parser.add_argument("location", metavar="LOCATION", help="EU, US, or a region such as europe-west1")
    parser.add_argument("-k", dest="rules", default="", help="run a part of the tests: an expression like pytest's -k")
    parser.add_argument("--clean", action="store_true", help="delete what a killed run has left, and run no test")
    wanted = Arguments(**vars(parser.parse_args(argv)))
    if problem := _problem(wanted, environment):
        raise ConformError(problem, USAGE)
    return wanted


def _problem(wanted: Arguments, environment: Mapping[str, str]) -> str | None:
    if not wanted.project or not wanted.location:
        missing = "PROJECT" if not wanted.project else "LOCATION"
        return f"{missing} is missing: {EXAMPLE}."
    if not _PROJECT.fullmatch(wanted.project):
        return f"PROJECT {wanted.project!r} is not an id of a project: `gcloud projects list` has them as PROJECT_ID."
    if not _LOCATION.fullmatch(wanted.location):
        return (
            f"LOCATION {wanted.location!r} is not a location: "
            "use EU or US (upper case), or a region in lower case such as europe-west1."
        )
    named = [name for name in ENDPOINTS if environment.get(name)]
    if len(named) == 1:
        other = next(name for name in ENDPOINTS if name not in named)
        return f"{named[0]} is set, but {other} is not: set both to run on an emulator, or unset {named[0]}."
    return None
