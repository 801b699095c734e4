"""The guide for authors of migrations, followed word for word on a table that holds rows."""

import re

import sqlalchemy as sa

from tests.support.paths import ROOT
from tests.timescale.project import Project

ROWS = """
SELECT bucket, device, celsius_mean, samples
FROM readings_hourly
ORDER BY bucket, device
"""
BY_HAND = """
SELECT date_trunc('hour', taken_at), device, avg(celsius), count(*)
FROM readings
GROUP BY 1, 2
ORDER BY 1, 2
"""


def declaration() -> str:
    guide = (ROOT / "docs" / "plugin.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(from datetime import.*?)```", guide, re.DOTALL)
    return block


def test_the_guide_leads_there_and_back(project: Project) -> None:
    project.execute(
        """
        CREATE TABLE readings (
          id bigserial PRIMARY KEY, taken_at timestamptz NOT NULL, device text, celsius float
        );
        INSERT INTO readings (taken_at, device, celsius)
        SELECT date_trunc('hour', now()) - make_interval(mins => 10 * i), 'd' || i % 3, i % 40
        FROM generate_series(1, 900) AS s (i)
        """
    )
    sa.Table(
        "readings",
        project.metadata,
        sa.Column("id", sa.BigInteger, sa.Sequence("readings_id_seq"), nullable=False),
        sa.Column("taken_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("device", sa.Text),
        sa.Column("celsius", sa.Float),
    )
    exec(declaration(), {"metadata": project.metadata})  # noqa: S102  # the guide's own text
    before = project.rows("SELECT * FROM readings ORDER BY id")
    written = project.autogenerate("hourly readings")
    assert "op.create_rollup(" in written
    assert "op.add_refresh_policy(" in written
    assert "readings_hourly" in project.offline()
    project.upgrade()
    assert project.differences() == []
    assert project.rows("SELECT * FROM readings ORDER BY id") == before
    assert project.rows(ROWS) == project.rows(BY_HAND)
    project.execute("INSERT INTO readings (taken_at, device, celsius) VALUES (now(), 'd0', 1)")
    assert project.rows(ROWS) == project.rows(BY_HAND)
    project.downgrade()
    assert len(project.rows("SELECT * FROM readings")) == len(before) + 1
    assert project.rows(
        """
        SELECT to_regclass('readings_hourly'),
               (SELECT count(*) FROM timescaledb_information.hypertables),
               (SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'readings_pkey')
        """
    ) == [(None, 0, "PRIMARY KEY (id)")]
