"""Choose the files of a large delivery whose first rows are read."""

from collections.abc import Sequence

from billing.decisions.delivery import StoredObject


def sample(files: Sequence[StoredObject], count: int) -> list[StoredObject]:
    """Return all files, or `count` of them: the first, the last, the largest, and others at equal distances."""
    if len(files) <= count:
        return list(files)
    step = (len(files) - 1) / (count - 2)
    chosen = {round(index * step) for index in range(count - 1)}
    chosen.add(max(range(len(files)), key=lambda index: files[index].size))
    return [files[index] for index in sorted(chosen)]
