"""Evaluate the condition of a grant, which is written in the Common Expression Language, as IAM does.

https://cloud.google.com/iam/docs/conditions-overview, https://cel.dev
"""

from __future__ import annotations

from typing import Any

import celpy


def holds(expression: str, resource: str) -> bool:
    """Return True if a grant with the condition is for a resource. Raises ValueError for no condition of IAM.

    `resource.name` is the only attribute that our conditions read. Any other one is an error here.
    """
    environment = celpy.Environment()
    try:
        program = environment.program(environment.compile(expression))
        result: Any = program.evaluate({"resource": celpy.json_to_cel({"name": resource})})
    except (celpy.CELParseError, celpy.CELEvalError) as error:
        raise ValueError(f"{expression} is no condition: {error}") from error
    if not isinstance(result, celpy.celtypes.BoolType):
        raise ValueError(f"{expression} is no condition: it gives {result!r}")  # noqa: TRY004 - the text is wrong
    return bool(result)
