"""An export, its objects and the recorded state become one decision. Pure."""
