"""Rollups of days gone by, which their policies, looking back some days, may not fill."""

import logging

from sqlalchemy import Engine

from db.engine import connected

_LOG = logging.getLogger("oi.collector")
_LEFT = (
    "Rollups of days gone by are their owner's to fill: run `python -m db maintain --once --fill` "
    "with the account that migrated the database."
)


def roll_up(engine: Engine) -> None:
    """Bring all rollups up to date; an account that may not says who may."""
    from db.rights import missing_rights
    from db.timescale.maintenance import fill_all

    with connected(engine) as connection:
        owns = not missing_rights(connection, "maintain")
    if owns:
        fill_all(engine, _LOG.info)
    else:
        _LOG.warning("%s", _LEFT)
