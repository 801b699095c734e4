"""The chain table of the first paint, as `front/chain` writes it: whole around ATM, else by strike.

Widths follow from all rows, so that nothing moves when the others come near.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.chains.state import Leg
from app.web.painting import figures
from app.web.painting.levels import Oi, levels_of
from db.market.limits import CHANGE_MINUTES, CHANGE_THRESHOLDS_PCT

Summary = Mapping[str, Any]
_SIDES = ("CE", "PE")
# enough for 1080 lines: what a taller screen shows is filled by the script (PAINTED, chain/body.js)
_AROUND = 20
# as wide as the mark of a level is
_LEVEL_ROOM = "0000"
_SHAPE = str.maketrans("123456789", "000000000")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a side: what its heading says, and what a cell shows of a field."""

    key: str
    field: str
    heading: str
    says: str
    text: Callable[[Any], str]
    threshold: float | None = None
    units: str | None = None

    @property
    def named(self) -> str:
        """Its classes: the key, and what it shares with others of its kind."""
        return self.key if self.units is None else f"{self.key} shift"

    def classes(self, side: str, value: Any) -> str:
        """The classes of a cell."""
        name = f"{side.lower()} {self.named}"
        if value is None:
            return f"{name} unknown"
        if self.threshold is None or abs(value) < self.threshold / 2:
            return name
        way = " added" if value > 0 else " closed"
        return name + way + (" breach" if abs(value) >= self.threshold else "")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; `width` is that of the bar behind it, as a share of the widest."""

    key: str
    side: str
    classes: str
    text: str
    says: str = ""
    width: str | None = None
    level: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One strike: `number` as data carry it, `text` as people read it; far ones have no cells."""

    number: str
    text: str
    classes: str
    calls: list[Cell]
    puts: list[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """What is painted of a chain; `longest` holds, by column, texts that its width must fit."""

    headings: list[Cell]
    rows: list[Row]
    totals: list[Cell]
    longest: dict[str, list[str]]

    @property
    def span(self) -> int:
        """How many columns the calls have."""
        return len(_CALLS)


def _change(minutes: int) -> Column:
    threshold = CHANGE_THRESHOLDS_PCT[minutes]
    says = f"OI change over {minutes} minutes in %; filled from {threshold:g} %"
    field = f"pct_{minutes}m"
    return Column(
        f"p{minutes}", field, f"Δ{minutes}", says, figures.percent, threshold, f"oi_{minutes}m"
    )


_CALLS = (
    Column(
        "oi",
        "oi",
        "OI",
        "Open interest in units; the bar compares it with the most of what is shown",
        figures.integer,
    ),
    *map(_change, CHANGE_MINUTES),
    Column("volume", "volume", "Vol", "Volume: units traded on the day", figures.quantity),
    Column(
        "iv",
        "iv_forward",
        "IV",
        "Implied volatility, %, on the forward that put–call parity of the chain implies",
        figures.decimal,
    ),
    Column("ltp", "ltp", "LTP", "Last traded price", figures.price),
)
_COLUMNS = {"CE": _CALLS, "PE": _CALLS[::-1]}


def table_of(summary: Summary, fields: Sequence[str], legs: Iterable[Leg]) -> Table:
    """The table of a chain that has rows."""
    place = {name: at for at, name in enumerate(fields)}
    found = {(leg[place["strike"]], leg[place["side"]]): leg for leg in legs}
    strikes = sorted({strike for strike, _ in found})
    written = {key: _written(leg, place) for key, leg in found.items()}
    most = max((leg[place["oi"]] or 0 for leg in found.values()), default=0) or 1
    oi = {key: leg[place["oi"]] for key, leg in found.items()}
    painter = _Painter(summary, written, most, oi, levels_of(summary, oi))
    totals = _totals(summary, found, place)
    return Table(
        headings=_across("STRIKE", lambda column, _: (column.heading, column.says)),
        rows=painter.rows(strikes, _around(strikes, summary["atm_strike"])),
        totals=totals,
        longest=_longest(written, strikes, totals, painter.levels),
    )


Written = dict[str, tuple[Any, str]]


def _written(leg: Leg, place: Mapping[str, int]) -> Written:
    """By column, the value and the text of a contract."""
    values = ((column, leg[place[column.field]]) for column in _CALLS)
    return {column.key: (value, column.text(value)) for column, value in values}


_ABSENT: Written = {column.key: (None, figures.DASH) for column in _CALLS}


@dataclass(frozen=True, slots=True)
class _Painter:
    summary: Summary
    written: Mapping[tuple[float, str], Written]
    most: int
    oi: Oi
    levels: Mapping[tuple[float, str], str]

    def rows(self, strikes: list[float], near: list[float]) -> list[Row]:
        whole = set(near)
        return [self._row(strike, strike in whole) for strike in strikes]

    def _row(self, strike: float, whole: bool) -> Row:
        calls, puts = (self._cells(strike, side) if whole else [] for side in _SIDES)
        number = str(int(strike)) if strike == int(strike) else repr(strike)
        return Row(number, figures.strike(strike), self._marks(strike), calls, puts)

    def _cells(self, strike: float, side: str) -> list[Cell]:
        written = self.written.get((strike, side), _ABSENT)
        return [
            Cell(
                column.key,
                side,
                column.classes(side, written[column.key][0]),
                written[column.key][1],
                width=self._width(strike, side) if column.key == "oi" else None,
                level=self.levels.get((strike, side)) if column.key == "oi" else None,
            )
            for column in _COLUMNS[side]
        ]

    def _width(self, strike: float, side: str) -> str:
        oi = self.oi.get((strike, side))
        return figures.ratio(oi / self.most) if oi else "0"

    def _marks(self, strike: float) -> str:
        atm, pain = self.summary["atm_strike"], self.summary["max_pain"]
        marks = {
            "below": atm is not None and strike < atm,
            "above": atm is not None and strike > atm,
            "atm": strike == atm,
            "max-pain": strike == pain,
        }
        return " ".join(name for name, holds in marks.items() if holds)


def _around(strikes: list[float], atm: float | None) -> list[float]:
    if not strikes or atm is None:
        return strikes[: 2 * _AROUND + 1]
    centre = min(range(len(strikes)), key=lambda at: abs(strikes[at] - atm))
    return strikes[max(0, centre - _AROUND) : centre + _AROUND + 1]


def _across(middle: str, cell: Callable[[Column, str], tuple[str, str]]) -> list[Cell]:
    """A cell a column over both sides; `cell` answers its text and what it says."""
    calls, puts = (
        [
            Cell(column.key, side, f"{side.lower()} {column.key}", *cell(column, side))
            for column in _COLUMNS[side]
        ]
        for side in _SIDES
    )
    return [*calls, Cell("strike", "", "strike", middle), *puts]


def _totals(
    summary: Summary, legs: Mapping[tuple[float, str], Leg], place: Mapping[str, int]
) -> list[Cell]:
    def total(column: Column, side: str) -> tuple[str, str]:
        if column.units is not None:
            told = [leg for (_, of), leg in legs.items() if of == side]
            return _total_change(told, place[column.units], place["oi"]), ""
        if column.key not in ("oi", "volume"):
            return "", ""
        return figures.quantity(summary[f"total_{column.key}_{side.lower()}"]), ""

    return _across(f"PCR {figures.ratio(summary['pcr'])}", total)


def _total_change(legs: Iterable[Leg], change_at: int, oi_at: int) -> str:
    """In percent of what the known changes are of."""
    told = [(leg[change_at], leg[oi_at]) for leg in legs]
    known = [(change, oi) for change, oi in told if change is not None and oi is not None]
    units = sum(change for change, _ in known)
    before = sum(oi - change for change, oi in known)
    return figures.percent(units / before * 100 if before > 0 else None)


def _longest(
    written: Mapping[tuple[float, str], Written],
    strikes: list[float],
    totals: list[Cell],
    levels: Mapping[tuple[float, str], str],
) -> dict[str, list[str]]:
    """Each column's texts with all digits alike: they are equally wide, so few differ."""
    shapes = {key: set(texts) for key, texts in EMPTY.longest.items()}
    for cells in written.values():
        for key, (_, text) in cells.items():
            shapes[key].add(text.translate(_SHAPE))
    for marked in levels:
        shapes["oi"].add(written[marked]["oi"][1].translate(_SHAPE) + _LEVEL_ROOM)
    shapes["strike"] |= {figures.strike(strike).translate(_SHAPE) for strike in strikes}
    for cell in totals:
        shapes[cell.key].add(cell.text.translate(_SHAPE))
    return {key: sorted(texts) for key, texts in shapes.items()}


EMPTY = Table(
    headings=_across("STRIKE", lambda column, _: (column.heading, "")),
    rows=[],
    totals=_across("", lambda *_: ("", "")),
    longest={column.key: [column.heading] for column in _CALLS} | {"strike": ["STRIKE"]},
)
"""The table of no chain."""
