"""The features of an exchange as a frame for training."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from db.clock import IST, to_naive_ist
from db.driver import driver_cursor
from db.queries.statements import driver_text

if TYPE_CHECKING:
    import pandas as pd


def features_frame(
    connection: Connection, exchange: str, start: datetime, end: datetime
) -> "pd.DataFrame":
    """Features from `start` to `end` (aware, included) as doubles; NaN is unknown.

    A row an instant, indexed by `timestamp` (Asia/Kolkata), ascending; a column a feature. Values
    come in PostgreSQL's binary form: as text they take four times as long.
    """
    import numpy as np
    import pandas as pd

    binds = {"exchange": exchange, "start": to_naive_ist(start), "end": to_naive_ist(end)}
    with driver_cursor(connection, binary=True) as cursor:
        cursor.execute(driver_text(connection, "features", "frame"), binds)
        names = [column.name for column in cursor.description or ()]
        columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(names)
    instants = pd.DatetimeIndex(columns[0], dtype="datetime64[us]", name=names[0])
    values = {
        name: np.array(column, dtype=np.float64)
        for name, column in zip(names[1:], columns[1:], strict=True)
    }
    return pd.DataFrame(values, index=instants.tz_localize(IST))
