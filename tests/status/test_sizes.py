"""A size reads alike wherever it is told: as PostgreSQL's own tools count, in steps of 1024."""

import pytest

from app.web.monitoring.words import WORDS
from db.convert.space import shortage
from db.sizes import size_text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (None, "–"),
        *((0, "0 B"), (1023, "1023 B"), (1024, "1.0 kB")),
        *((1_181_116_006, "1.1 GB"), (-2048, "-2.0 kB"), (5 * 1024**5, "5120.0 TB")),
    ],
)
def test_a_size_has_one_decimal(size_bytes: int | None, text: str) -> None:
    assert size_text(size_bytes) == text
    assert WORDS["bytes"](size_bytes) == text


def test_a_shortage_is_told_in_the_plans_own_figures() -> None:
    assert "About 1.1 GB are needed" in (shortage(1_181_116_006, 1000) or "")
