"""The verdict of GoogleSQL. It is apart from the client, which cannot be imported where wasmtime has no build."""

from __future__ import annotations


class RefusedError(Exception):
    """GoogleSQL refuses a text, or fails when it runs it. The message is Google's."""
