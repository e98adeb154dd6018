"""Names in a header with bytes that are not UTF-8."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from billing.columns.damaged import whole_names
from billing.manifests import Column


@pytest.mark.parametrize(
    ("header", "manifest", "whole"),
    [
        (["a", "gr\ufffd\ufffde"], ["a", "größe"], ["a", "größe"]),
        (["a", "gr\ufffde"], ["a", "größe"], ["a", "größe"]),  # two bytes may be one bad one
        (["gr\ufffde"], ["größe", "grüße"], ["gr\ufffde"]),  # two fit
        (["gr\ufffde", "gr\ufffd\ufffde"], ["größe"], ["gr\ufffde", "gr\ufffd\ufffde"]),  # one fits two
        (["gr\ufffde"], ["grade"], ["gr\ufffde"]),  # ASCII is never damaged
        (["gr\ufffde"], [], ["gr\ufffde"]),
        (["größe"], ["größe"], ["größe"]),
        (["gr\ufffde"], ["gr\ufffde", "größe"], ["gr\ufffde"]),  # the manifest has this very name
    ],
)
def test_name_of_the_manifest_replaces_a_damaged_one_if_only_it_fits(
    header: Sequence[str], manifest: Sequence[str], whole: Sequence[str]
) -> None:
    assert whole_names(header, [Column(name, None) for name in manifest]) == whole
