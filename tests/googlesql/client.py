"""Calls of GoogleSQL's own service, which the package `zetasql` ships as WebAssembly.

GoogleSQL is the parser, analyzer and evaluator that BigQuery is built on: github.com/google/googlesql.
"""

from __future__ import annotations

import ctypes
import fcntl
from contextlib import suppress
from typing import Any, TypeVar

from google.protobuf.message import Message
from wasmtime import Config, Engine, Linker, Module, Store, WasiConfig, WasmtimeError
from zetasql.core.exceptions import ServerError
from zetasql.core.wasm_client import get_tzinfo_dir
from zetasql.wasi import get_wasm_path

from tests.googlesql.errors import RefusedError

Answer = TypeVar("Answer", bound=Message)
_POINTER_BYTES = 4


class Service:
    """One instance of the service. It takes 0.5 s to start once its machine code is in the user's cache folder."""

    def __init__(self) -> None:
        wasi = WasiConfig()
        wasi.preopen_dir(str(get_tzinfo_dir()), "/usr/share/zoneinfo")
        module = _compiled()
        self._store = Store(module.engine)
        self._store.set_wasi(wasi)
        linker = Linker(module.engine)
        linker.define_wasi()
        self._exports: Any = linker.instantiate(self._store, module.code).exports(self._store)
        self._run("_initialize")

    def call(self, method: str, request: Message, answer: type[Answer]) -> Answer:
        """Call one method of GoogleSQL's local_service.proto. Raises RefusedError."""
        sent = request.SerializeToString()
        request_at, size_at = self._run("wasm_malloc", len(sent)), self._run("wasm_malloc", _POINTER_BYTES)
        try:
            ctypes.memmove(self._address(request_at), sent, len(sent))
            answer_at = self._run(f"ZetaSqlLocalService_{method}", request_at, len(sent), size_at)
            if not answer_at:
                raise RefusedError(self._last_error())
            size = int.from_bytes(self._read(size_at, _POINTER_BYTES), "little")
            received = self._read(answer_at, size)
            self._run("wasm_free", answer_at)
        finally:
            self._run("wasm_free", request_at)
            self._run("wasm_free", size_at)
        return answer.FromString(received)

    def _run(self, function: str, *arguments: int) -> Any:
        return self._exports[function](self._store, *arguments)

    def _read(self, pointer: int, size: int) -> bytes:
        return ctypes.string_at(self._address(pointer), size)

    def _address(self, pointer: int) -> int:
        """Return where this process has a byte of the module's memory. wasmtime gives a pointer a sign."""
        memory = self._exports["memory"].data_ptr()
        return ctypes.addressof(memory.contents) + (pointer & 0xFFFFFFFF)

    def _last_error(self) -> str:
        text = self._read(self._run("wasm_get_last_error"), self._run("wasm_get_last_error_size")).decode()
        return str(ServerError.from_error_string(text).message)


class _Compiled:
    def __init__(self, engine: Engine, code: Module) -> None:
        self.engine = engine
        self.code = code


def _compiled() -> _Compiled:
    """Compile the module, or read it from wasmtime's cache in the user's cache folder.

    The lock lets one process compile, and the others read what it compiled.
    """
    config = Config()
    with suppress(WasmtimeError):  # no folder for a cache: compile each time
        config.cache = True
    config.shared_memory = True
    engine, path = Engine(config), get_wasm_path()
    with path.open("rb") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        return _Compiled(engine, Module.from_file(engine, path))
