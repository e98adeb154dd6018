"""Serve providers to Terraform over gRPC: as a plugin that Terraform starts, or attached to a running process.

Handshake: https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md
Attached: https://developer.hashicorp.com/terraform/plugin/debugging (TF_REATTACH_PROVIDERS)
"""

from __future__ import annotations

import base64
import os
import shutil
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import grpc

from tests.emulator.terraform_provider.messages import MESSAGES, METHODS
from tests.emulator.terraform_provider.values import ProviderError, error_message

_MAX_MESSAGE_BYTES = 64 << 20  # the limit of Terraform
_OPTIONS = [
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
]


class Servable(Protocol):
    """A provider: it has one method per name in METHODS."""

    def method(self, name: str) -> Callable[[Any], Any]: ...


def serve_attached(provider: Servable, socket: Path) -> tuple[grpc.Server, dict[str, Any]]:
    """Start a server that several runs of Terraform may share. Return it and its entry of TF_REATTACH_PROVIDERS."""
    server = _server(provider, on_shutdown=lambda: None)
    server.add_insecure_port(f"unix://{socket}")
    server.start()
    address = {"Network": "unix", "String": str(socket)}
    return server, {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}


def serve_plugin(provider: Servable, folder: Path) -> None:
    """Serve as a plugin: announce the address on the standard output, and end when Terraform says so."""
    ended = threading.Event()
    server = _server(provider, on_shutdown=ended.set)
    socket = folder / "socket"
    certificate = ""
    if os.environ.get("PLUGIN_CLIENT_CERT"):
        key, public, announced = _certificate()
        server.add_secure_port(f"unix://{socket}", grpc.ssl_server_credentials([(key, public)]))
        certificate = base64.b64encode(announced).decode().rstrip("=")
    else:
        server.add_insecure_port(f"unix://{socket}")
    server.start()
    print(f"1|6|unix|{socket}|grpc|{certificate}", flush=True)
    ended.wait()
    server.stop(grace=0.05).wait()
    shutil.rmtree(folder)
    os._exit(0)  # Terraform waits for the end of each plugin, and Python's teardown takes a second


def _server(provider: Servable, on_shutdown: Callable[[], None]) -> grpc.Server:
    server = grpc.server(ThreadPoolExecutor(16), options=_OPTIONS)

    def shutdown(_request: bytes, _context: Any) -> bytes:
        on_shutdown()
        return b""

    def no_output(_request: bytes, _context: Any) -> Iterator[bytes]:
        return iter(())

    handlers = {name: _handler(provider.method(name), *METHODS[name]) for name in METHODS}
    controls = {"Shutdown": grpc.unary_unary_rpc_method_handler(shutdown)}
    streams = {"StreamStdio": grpc.unary_stream_rpc_method_handler(no_output)}
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler("tfplugin6.Provider", handlers),
            grpc.method_handlers_generic_handler("plugin.GRPCController", controls),
            grpc.method_handlers_generic_handler("plugin.GRPCStdio", streams),
        )
    )
    return server


def _handler(method: Callable[[Any], Any], request_name: str, answer_name: str) -> Any:
    request_type, answer_type = MESSAGES[request_name], MESSAGES[answer_name]

    def call(request: Any, _context: Any) -> Any:
        try:
            return method(request)
        except ProviderError as error:
            return answer_type(diagnostics=[error_message(error)])
        except Exception as error:  # noqa: BLE001 - the user must see a bug with its traceback, not a dead plugin
            bug = ProviderError(f"Bug in the stand-in provider: {error!r}", traceback.format_exc())
            return answer_type(diagnostics=[error_message(bug)])

    return grpc.unary_unary_rpc_method_handler(call, request_type.FromString, answer_type.SerializeToString)


def _certificate() -> tuple[bytes, bytes, bytes]:
    """Return a private key, its self-signed certificate, and the certificate as the handshake announces it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now, day = datetime.now(UTC), timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    encoding = serialization.Encoding
    private = key.private_bytes(encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, certificate.public_bytes(encoding.PEM), certificate.public_bytes(encoding.DER)
