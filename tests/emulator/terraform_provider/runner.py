"""Run Terraform commands on a copy of a root, without questions and downloads."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from tests.emulator.processes import Child
from tests.emulator.terraform_provider.binary import Binary, find_terraform
from tests.emulator.terraform_provider.facts import GOOGLE_VERSIONS, Json, provider_version
from tests.emulator.terraform_provider.results import Plan, Result, TerraformError
from tests.emulator.terraform_provider.source_providers import NAMESPACES
from tests.emulator.terraform_provider.working_copy import copy_root
from tests.support.paths import ROOT

Providers = Literal["attached", "mirror", "real"]

_REATTACH = "TF_REATTACH_PROVIDERS"
_TIMEOUT_SECONDS = 300.0
_START_SECONDS = 30.0


class Terraform:
    """Terraform on a copy of one root. Commands see only PATH and `environment`, such as `provider_environment(cloud)`.

    `providers` is one of:
    - "attached": the stand-ins run once for all commands, and Terraform checks no versions;
    - "mirror": Terraform installs the stand-ins by version, writes a lock file, and starts them for each command;
    - "real": Terraform installs the real providers, in the user's own environment.
    """

    def __init__(
        self,
        root: Path,
        work_dir: Path,
        environment: Mapping[str, str] | None = None,
        *,
        variables: Mapping[str, Any] | None = None,
        providers: Providers = "attached",
        google_version: str = GOOGLE_VERSIONS[0],
        binary: Binary | None = None,
        timeout: float = _TIMEOUT_SECONDS,
    ) -> None:
        self.binary = binary or find_terraform()
        self.variables = dict(variables or {})
        self._work = work_dir.resolve()
        self._work.mkdir(parents=True, exist_ok=True)
        self._google_version = google_version
        self._given = dict(environment or {})
        self._timeout = timeout
        self._daemon: Child | None = None
        self._providers = providers
        self.root = copy_root(root.resolve(), self._work)
        self.environment = self._base_environment()  # the whole environment of the commands
        if providers == "attached":
            self._write_cli_config("")
            if _REATTACH not in self.environment:  # given: another run's providers, which serve several
                self.environment[_REATTACH] = self._attach()
        elif providers == "mirror":
            self._write_cli_config(self._mirror())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the providers. Applied resources stay."""
        if self._daemon:
            self._daemon.stop()
            self._daemon = None

    def __str__(self) -> str:
        what = (
            "the real providers" if self._providers == "real" else f"stand-in providers (google {self._google_version})"
        )
        return f"{self.binary}, {what}"

    def init(self) -> Result:
        return self.run("init", "-input=false", "-no-color")

    def validate(self) -> Result:
        return self.run("validate", "-no-color")

    def plan(self, *options: str) -> Plan:
        path = self._work / "plan.bin"
        with self._variables() as variables:
            result = self.run(
                "plan",
                "-input=false",
                "-no-color",
                "-detailed-exitcode",
                f"-out={path}",
                *variables,
                *options,
                accept=(0, 2),
            )
        return Plan(path, result.code == 2, self.show_json(path))

    def apply(self, *options: str, plan: Plan | None = None) -> Result:
        common = ("apply", "-input=false", "-no-color", "-auto-approve", *options)
        if plan:
            return self.run(*common, str(plan.path))
        with self._variables() as variables:
            return self.run(*common, *variables)

    def destroy(self, *options: str) -> Result:
        with self._variables() as variables:
            return self.run("destroy", "-input=false", "-no-color", "-auto-approve", *variables, *options)

    def show_json(self, plan: Path | None = None) -> Json:
        """Return the state, or a saved plan."""
        return self.run_json("show", "-json", *([str(plan)] if plan else []))

    def output(self) -> Json:
        """Return the outputs as {name: value}."""
        return {name: output["value"] for name, output in self.run_json("output", "-json").items()}

    def test(self, *options: str) -> Result:
        return self.run("test", "-no-color", *options)

    def run_json(self, *arguments: str) -> Json:
        document: Json = json.loads(self.run(*arguments).output)
        return document

    def run(self, *arguments: str, accept: tuple[int, ...] = (0,)) -> Result:
        """Run any command. Raises TerraformError unless it ends with one of the accepted codes."""
        process = subprocess.Popen(
            [*self.binary.argv, *arguments],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            output, errors = process.communicate(timeout=self._timeout)
        except BaseException as error:
            _end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                late = Result(-1, "", f"no end after {self._timeout:g} s")
                raise TerraformError(arguments[0], late) from None
            raise
        result = Result(process.returncode, output, errors)
        if result.code not in accept:
            raise TerraformError(arguments[0], result)
        return result

    @contextmanager
    def _variables(self) -> Iterator[list[str]]:
        if not self.variables:
            yield []
            return
        path = self._work / "variables.tfvars.json"
        path.write_text(json.dumps(self.variables))
        yield [f"-var-file={path}"]

    def _base_environment(self) -> dict[str, str]:
        automated = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
        if self._providers == "real":
            return {**os.environ, **automated, **self._given}
        (self._work / "home").mkdir(exist_ok=True)
        own = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._work / "home"),
            "PYTHONPATH": str(ROOT),
            "GOGC": "400",  # a quarter of each second-long command was garbage collection
        }
        return {**own, **automated, "TF_CLI_CONFIG_FILE": str(self._work / "cli.tfrc"), **self._given}

    def _write_cli_config(self, mirror: str) -> None:
        """Allow installation only from the mirror, so that a provider without a stand-in is never downloaded."""
        path = self._work / "mirror"
        path.mkdir(exist_ok=True)
        source = f"filesystem_mirror {{\n    path = {json.dumps(mirror or str(path))}\n  }}"
        (self._work / "cli.tfrc").write_text(f"provider_installation {{\n  {source}\n}}\n")

    def _attach(self) -> str:
        argv = [sys.executable, "-m", "tests.emulator.terraform_provider", "attached", self._google_version]
        # In the copy of the root, because the paths of a configuration are relative to it.
        daemon = self._daemon = Child("stand-in providers", argv, env=self.environment, cwd=self.root)
        daemon.wait_until(lambda: any(line.startswith("{") for line in daemon.lines), timeout=_START_SECONDS)
        return next(line for line in daemon.lines if line.startswith("{"))

    def _mirror(self) -> str:
        """Write one folder per provider in Terraform's unpacked layout. The plugin in it is a script."""
        mirror = self._work / "mirror"
        platform = self.run_json("version", "-json")["platform"]
        for name, namespace in NAMESPACES.items():
            version = provider_version(name, self._google_version)
            folder = mirror / self._default_host() / namespace / name / version / platform
            folder.mkdir(parents=True, exist_ok=True)
            script = folder / f"terraform-provider-{name}_v{version}"
            command = f"{sys.executable} -m tests.emulator.terraform_provider plugin {name} {self._google_version}"
            script.write_text(f"#!/bin/sh\nexec {command}\n")
            script.chmod(0o755)
        return str(mirror)

    def _default_host(self) -> str:
        """Return the host of unqualified providers, which differs between Terraform and OpenTofu."""
        probe = self._work / "probe"
        probe.mkdir(exist_ok=True)
        (probe / "main.tf").write_text(
            'terraform {\n  required_providers {\n    time = { source = "hashicorp/time" }\n  }\n}\n'
        )
        listed = self.run(f"-chdir={probe}", "providers").output
        found = re.search(r"provider\[(.+?)/hashicorp/time\]", listed)
        if found is None:
            raise RuntimeError(f"`terraform providers` named no provider:\n{listed}")
        return found[1]


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
