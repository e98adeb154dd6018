"""Child processes: on free ports, with their output kept. They end when their parent ends."""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

LineSink = Callable[[str], None]

# Linux uses 32768 and up for outgoing connections, so no client's socket can take one of these.
_PORTS = range(20_000, 32_000)
_KEPT_LINES = 20_000
# PR_SET_PDEATHSIG = 1: the kernel kills the child with its parent. exec keeps the setting, so no preexec_fn is needed,
# which is unsafe in a process with threads.
_EXEC_BOUND_TO_PARENT = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)
os.execv(sys.argv[1], sys.argv[1:])
"""
# The kernel sends the signal when the *thread* that started the child ends, so one thread starts all children.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="emulator-starter")


class StartError(RuntimeError):
    """A process ended or did not answer during its start. The message has its last output."""


def free_port() -> int:
    for port in random.sample(_PORTS, 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise StartError("There is no free port between 20000 and 32000: end some processes.")


def accepts_connections(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Child:
    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        on_line: LineSink | None = None,
    ) -> None:
        self.name = name
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._on_line = on_line
        self._process = _starter.submit(_spawn, argv, env, cwd).result(timeout=30)
        self._output = self._process.stdout.fileno() if self._process.stdout else -1
        self._reading = threading.Lock()
        self._reader = threading.Thread(target=self._read_output, name=f"{name}-output", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.alive:
                self._reader.join(timeout=2)
                raise StartError(
                    f"{self.name} ended with code {self._process.returncode} while starting:\n{self.tail()}"
                )
            if time.monotonic() > deadline:
                self.stop()
                raise StartError(f"{self.name} did not answer within {timeout:g} s:\n{self.tail()}")
            time.sleep(0.02)

    def tail(self, count: int = 25) -> str:
        return "\n".join(list(self.lines)[-count:])

    def stop(self, grace: float = 3.0) -> None:
        """End the whole process group: by SIGTERM, then by SIGKILL."""
        for sig in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, sig)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=grace)
                break
        self.kill()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(timeout=10)
        self._reader.join(timeout=2)

    def memory_mib(self, field: str = "VmRSS") -> float:
        """Add up the memory of the process and its descendants (Linux only). `VmHWM` is the peak."""
        return sum(_status_kib(pid, field) for pid in _tree(self.pid)) / 1024

    def drain(self) -> None:
        """Wait until `lines` has everything written so far: an answer may arrive before an earlier log line."""
        while self._reader.is_alive():
            with self._reading:
                if not select.select([self._output], [], [], 0)[0]:
                    return
            time.sleep(0.002)

    def _read_output(self) -> None:
        rest = b""
        while True:
            select.select([self._output], [], [])
            with self._reading:
                data = os.read(self._output, 1 << 16)
                *lines, rest = (rest + data).split(b"\n") if data or not rest else [rest, b""]
                for line in lines:
                    self._keep(line.decode(errors="replace"))
            if not data:
                return

    def _keep(self, line: str) -> None:
        self.lines.append(line)
        if self._on_line:
            self._on_line(line)


def _spawn(argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _EXEC_BOUND_TO_PARENT, *argv],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [pid, *(descendant for child in children.split() for descendant in _tree(int(child)))]


def _status_kib(pid: int, field: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{field}:")), 0)
