"""Where things are in the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ROOT / "functions"
TERRAFORM = ROOT / "terraform"
SCHEMAS = FUNCTIONS / "billing" / "schemas"
