"""Copy a root into the work folder, so that a run never changes the root.

Links beside the copy lead to the neighbours of the root, so that `../functions` works.
State, plugins, lock file and everything that the configuration writes go into the work folder.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.paths import ROOT

# A developer's own use of the root creates these. They must not reach our runs.
_OWN_FILES = (
    ".terraform",
    ".terraform.lock.hcl",
    "*.tfstate*",
    "*.tfvars",
    "*.tfvars.json",
    "backend.tf",
    "__pycache__",
)
LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'  # an override, so that no bucket is called


def copy_root(root: Path, work: Path) -> Path:
    """Make a fresh copy and return it. The state of an earlier run in the work folder stays."""
    top = ROOT if root.is_relative_to(ROOT) else root.parent
    source, target = top, work / "tree"
    target.mkdir(exist_ok=True)
    for part in root.relative_to(top).parts:
        for neighbour in source.iterdir():
            link = target / neighbour.name
            if (
                not neighbour.name.startswith(".")
                and neighbour.name != part
                and neighbour != work
                and not link.exists()
            ):
                link.symlink_to(neighbour)
        source, target = source / part, target / part
        target.mkdir(exist_ok=True)
    for old in target.iterdir():
        if old.suffix in (".tf", ".hcl", ".json") and old.name != ".terraform.lock.hcl":
            old.unlink()
    shutil.copytree(root, target, ignore=shutil.ignore_patterns(*_OWN_FILES), dirs_exist_ok=True)
    (target / "local_backend_override.tf").write_text(LOCAL_BACKEND)
    return target
