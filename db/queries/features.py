"""The features of an exchange as a frame for training."""

import re
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from db.driver import driver_cursor
from db.market.clock import IST, to_naive_ist
from db.timescale.sqltext import named_statements
from db.watch import statement_ended

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_FEATURE = re.compile(r"'NaN'\) AS (\w+)")
# signature, flags and the length of the header's extension; two bytes of -1 end the data
_HEADER_BYTES, _TRAILER_BYTES = 19, 2


def features_frame(
    connection: Connection, exchange: str, start: datetime, end: datetime
) -> "pd.DataFrame":
    """Features from `start` to `end` (aware, included) as doubles; NaN is unknown.

    A row an instant, indexed by `timestamp` (Asia/Kolkata), ascending; a column a feature. The rows
    come by binary COPY, all of one width, and are read in place: no value becomes an object.
    """
    import pandas as pd

    statement = named_statements("db.queries", "features.sql")["frame"]
    binds = {"exchange": exchange, "start": to_naive_ist(start), "end": to_naive_ist(end)}
    began, data = perf_counter(), None
    try:
        with driver_cursor(connection) as cursor, cursor.copy(statement, binds) as copy:
            data = b"".join(bytes(block) for block in copy)
    finally:
        statement_ended("features.frame", began, None, failed=data is None)
    names = _FEATURE.findall(statement)
    instants, values = _columns(data, len(names))
    index = pd.DatetimeIndex(instants, name="timestamp").tz_localize(IST)
    return pd.DataFrame(values, index=index, columns=pd.Index(names))


def _columns(data: bytes, features: int) -> "tuple[NDArray[np.datetime64], NDArray[np.float64]]":
    """Instants (rows,) and values (rows, features) of a binary COPY whose fields are 8 bytes wide.

    https://www.postgresql.org/docs/current/sql-copy.html (binary format)
    """
    import numpy as np

    field = [("length", ">i4"), ("value", ">f8")]
    row = np.dtype(
        [
            ("fields", ">i2"),
            ("length", ">i4"),
            ("instant", ">i8"),
            ("features", np.dtype(field), (features,)),
        ]
    )
    count = (len(data) - _HEADER_BYTES - _TRAILER_BYTES) // row.itemsize
    rows = np.frombuffer(data, row, count, offset=_HEADER_BYTES)
    instants = np.datetime64("2000-01-01", "us") + rows["instant"].astype("timedelta64[us]")
    return instants, rows["features"]["value"].astype(np.float64)
