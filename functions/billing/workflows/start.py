"""Start a function: read its settings."""

from billing.errors import BillingError
from billing.log import emit
from billing.settings import Settings, read_settings


def settings_or_exit() -> Settings:
    """Return the settings. If one is wrong, log which one and end the process with exit code 1."""
    try:
        return read_settings()
    except BillingError as exc:
        emit("CRITICAL", exc.message, code=exc.code)
        raise SystemExit(f"{exc.code}: {exc.message}") from None
