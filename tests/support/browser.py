"""Show a page in headless Chromium."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian's package: chromium)")
_NO_ORIGIN = "not an origin"


def browse(folder: Path, name: str, html: str, *options: str) -> tuple[str, str, list[str]]:
    """Return the page as a browser has it, the browser's log, and every address that the page requests.

    The browser's own requests have no origin. No name resolves, so no request leaves this machine.
    """
    path, net_log = folder / f"{name}.html", folder / f"{name}.json"
    path.write_text(html, encoding="utf-8")
    done = subprocess.run(
        [
            str(CHROMIUM),
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
            *("--disable-component-update", "--disable-sync", "--no-first-run", "--enable-logging=stderr"),
            f"--user-data-dir={folder / 'profile'}",
            f"--log-net-log={net_log}",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--window-size=1200,900",
            *options,
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    events = [event.get("params", {}) for event in json.loads(net_log.read_text())["events"]]
    requested = [one["url"] for one in events if "url" in one and one.get("initiator", _NO_ORIGIN) != _NO_ORIGIN]
    return done.stdout, done.stderr, requested


def without_policy(html: str) -> str:
    """Remove the policy: the script of the test runs, and a hostile one would too."""
    return re.sub(r"<meta http-equiv=.*?>\n", "", html)
