"""Decide about one delivery, from its export, its objects and the recorded state. Pure."""
