"""What training found as one HTML file: sentences, tables and charts, nothing from elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from app.signals.inputs import LABELS
from app.signals.train import MODEL, Result

_DASH = "–"
_WIDE, _HIGH, _EDGE = 640, 240, 36
_COLOURS = ("#1f6feb", "#8a8a8a", "#b35900", "#6f42c1", "#1a7f37")
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:760px;margin:2rem auto;padding:0 1rem}
body{color:#1b1f24}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:3px 8px;border-bottom:1px solid #d8dee4;text-align:right}
th:first-child,td:first-child{text-align:left}
svg{width:100%;height:auto}text{font:11px system-ui,sans-serif;fill:#57606a}
.verdict{padding:.8rem 1rem;border-left:4px solid #1f6feb;background:#f3f6fa}
"""


def html_report(result: Result, manifest: Mapping[str, Any], served: bool) -> str:
    """The whole page."""
    exchange = escape(str(manifest["exchange"]))
    span = f"{manifest['first_day']} to {manifest['last_day']}"
    is_served = "It is served." if served else "It is not served."
    if served and not result.has_found:
        is_served = "It is served all the same, because that was asked for."
    parts = (
        f"<h1>Signals of {exchange}, {span}</h1>",
        f'<p class="verdict">{escape(result.verdict)} {is_served}</p>',
        _facts(result, manifest),
        "<h2>Against what needs no model</h2>",
        _scores(result),
        "<h2>Return after costs: means of the days, summed</h2>",
        _equity(result),
        "<h2>Said and came</h2>",
        _reliability(result),
        "<h2>What the trees use</h2>",
        _importance(result.model.gain),
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Signals of {exchange}'
        f"</title><style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def _facts(result: Result, manifest: Mapping[str, Any]) -> str:
    rules, plan = result.plan.rules, result.plan
    down, none, up = (f"{share:.0%}" for share in result.shares)
    eras = ", ".join(manifest["eras"]) or "none"
    return _table(
        ("what", "figure"),
        [
            ("instants with a label", f"{result.rows:,} on {len(result.days)} trading days"),
            ("fell / neither / rose", f"{down} / {none} / {up}"),
            ("time barrier", f"{rules.horizon_s / 60:g} min"),
            ("sides", f"{rules.width:g} × the move that VIX expects, plus costs"),
            ("costs there and back", f"{rules.cost_bps:g} bps"),
            ("folds, embargo", f"{plan.folds}, {plan.embargo_days} trading days"),
            ("a side is told from", f"{plan.threshold:.0%}"),
            ("tries so far", str(plan.tries)),
            ("changes of the market within", eras),
            (
                "model, data, calendar",
                " · ".join(manifest[k] for k in ("id", "dataset", "calendar")),
            ),
        ],
    )


def _scores(result: Result) -> str:
    rows = [
        (
            name,
            f"{score.log_loss:.4f}",
            f"{score.brier:.4f}",
            f"{score.accuracy:.1%}",
            f"{score.signals:,}",
            _number(score.return_bps, "{:+.2f}"),
            _number(score.deflated, "{:.1%}"),
        )
        for name, score in result.scores.items()
    ]
    head = ("", "log loss", "Brier", "right", "signals", "bps a signal", "more than luck")
    return _table(head, rows)


def _equity(result: Result) -> str:
    series = {name: (100 * line).tolist() for name, line in result.equity.items()}
    ends = (result.tested_days[0], result.tested_days[-1])
    lines = {name: list(enumerate(line)) for name, line in series.items()}
    return _lines("Return after costs by day", lines, "%", ends)


def _reliability(result: Result) -> str:
    lines = {
        side: [(each.said, each.came) for each in bins]
        for side, bins in result.reliability.items()
        if bins
    }
    lines["as said"] = [(0, 0), (1, 1)]
    return _lines("How often it came, by the chance that was said", lines, "", ("0 said", "1"))


def _lines(
    says: str,
    series: Mapping[str, Sequence[tuple[float, float]]],
    unit: str,
    ends: tuple[str, str],
) -> str:
    """A chart of lines on shared axes, each named at its foot."""
    points = [point for line in series.values() for point in line]
    low_x, high_x = _extent(x for x, _ in points)
    low_y, high_y = _extent(y for _, y in points)

    def place(x: float, y: float) -> str:
        across = _EDGE + (x - low_x) / (high_x - low_x) * (_WIDE - 2 * _EDGE)
        down = _HIGH - _EDGE - (y - low_y) / (high_y - low_y) * (_HIGH - 2 * _EDGE)
        return f"{across:.1f},{down:.1f}"

    drawn, named = [], []
    for i, (name, line) in enumerate(series.items()):
        colour = _COLOURS[i % len(_COLOURS)]
        path = " ".join(place(x, y) for x, y in line)
        drawn.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{path}"/>')
        at = _EDGE + i * (_WIDE - _EDGE) / len(series)
        named.append(
            f'<rect x="{at:.0f}" y="{_HIGH - 12}" width="9" height="9" fill="{colour}"/>'
            f'<text x="{at + 13:.0f}" y="{_HIGH - 4}">{escape(name)}</text>'
        )
    marks = (
        f'<text x="0" y="{_EDGE}">{high_y:.2f} {unit}</text>'
        f'<text x="0" y="{_HIGH - _EDGE}">{low_y:.2f} {unit}</text>'
        f'<text x="{_EDGE}" y="{_HIGH - 18}">{escape(ends[0])}</text>'
        f'<text x="{_WIDE - _EDGE}" y="{_HIGH - 18}" text-anchor="end">{escape(ends[1])}</text>'
    )
    body = "".join((*drawn, marks, *named))
    return f'<svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{says}">{body}</svg>'


def _importance(gain: Mapping[str, float]) -> str:
    ordered = sorted(gain.items(), key=lambda each: -each[1])
    return _table(
        ("input", "share of the gain"), [(LABELS[name], f"{share:.1%}") for name, share in ordered]
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table>"


def _extent(values: Iterable[float]) -> tuple[float, float]:
    known = list(values)
    low, high = min(known), max(known)
    return (low, high) if high > low else (low - 1, high + 1)


def _number(value: float | None, form: str) -> str:
    return _DASH if value is None else form.format(value)


def text_report(result: Result) -> str:
    """The same in a few lines for a terminal."""
    lines = [result.verdict, ""]
    for name, score in result.scores.items():
        bps = _number(score.return_bps, "{:+.2f} bps")
        lines.append(
            f"{name:22} log loss {score.log_loss:.4f}   {score.signals:>6,} signals   {bps}"
        )
    hit = result.hit_rate
    lines += ["", f"{MODEL}: {_number(hit, '{:.1%}')} of its signals came true"]
    return "\n".join(lines)
