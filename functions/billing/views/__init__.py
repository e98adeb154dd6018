"""The SQL of every view. Pure."""
