"""hashicorp/archive: write zips in the layout of the real provider. The same content gives the same bytes.

Entries are sorted, dated 2049-01-01, and have the mode of `output_file_mode` (zip_archiver.go of
hashicorp/terraform-provider-archive). zlib compresses differently from Go, so hashes differ from the real provider's.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from tests.emulator.terraform_provider.values import Object, ProviderError

_DATE = (2049, 1, 1, 0, 0, 0)
_GLOB = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def archive_file(config: Object) -> Object:
    if config["type"] != "zip":
        raise ProviderError(f"The stand-in provider cannot write a {config['type']} archive: use zip.")
    files = _files(config)
    if not files:
        raise ProviderError("Archive creation error", "error creating archive: there is nothing to archive")
    data = _zip(files, int(config["output_file_mode"], 8) if config.get("output_file_mode") else None)
    output = Path(config["output_path"])
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(data)
    return {**config, **_digests(data)}


def _files(config: Object) -> dict[str, tuple[bytes, int]]:
    if config.get("source_dir"):
        return _folder(Path(config["source_dir"]), config.get("excludes") or [])
    if config.get("source_file"):
        source = Path(config["source_file"])
        return {source.name: (source.read_bytes(), source.stat().st_mode & 0o777)}
    sources = {source["filename"]: source["content"] for source in config.get("source") or []}
    if config.get("source_content") is not None:
        sources[config["source_content_filename"]] = config["source_content"]
    return {name: (sources[name].encode(), 0) for name in sorted(sources)}


def _folder(root: Path, excludes: Iterable[str]) -> dict[str, tuple[bytes, int]]:
    if not root.is_dir():
        raise ProviderError("Archive creation error", f"could not archive missing directory: {root}")
    skip = [_pattern(glob) for glob in excludes]

    def walk(folder: Path) -> Iterable[Path]:
        for path in sorted(folder.iterdir()):
            name = path.relative_to(root).as_posix()
            if any(pattern.fullmatch(name) for pattern in skip):
                continue
            yield from walk(path) if path.is_dir() else [path]

    return {path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o777) for path in walk(root)}


def _pattern(glob: str) -> re.Pattern[str]:
    """Translate a glob as doublestar does: `**` crosses folders, `*` does not, and `x/**` also matches `x`."""
    folder = glob.removesuffix("/**")
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", folder)
    text = "".join(_GLOB.get(part, re.escape(part)) for part in parts)
    return re.compile(text if folder == glob else f"{text}(?:/.*)?")


def _zip(files: dict[str, tuple[bytes, int]], mode: int | None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (content, own_mode) in files.items():
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (own_mode if mode is None else mode) << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def _digests(data: bytes) -> Object:
    digests = {name: hashlib.new(name, data, usedforsecurity=False) for name in ("md5", "sha1", "sha256", "sha512")}
    base64_digests = {
        f"output_base64{name}": base64.b64encode(digests[name].digest()).decode() for name in ("sha256", "sha512")
    }
    hexes = {f"output_{name}": digests[name].hexdigest() for name in ("md5", "sha256", "sha512")}
    sha1 = digests["sha1"].hexdigest()
    return {"id": sha1, "output_sha": sha1, "output_size": len(data), **hexes, **base64_digests}
