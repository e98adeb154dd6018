"""The `billing` command for operators. It is not deployed."""
