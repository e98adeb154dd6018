"""The steps of events, the sweep and a replay."""
