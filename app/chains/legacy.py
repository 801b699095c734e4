"""What `/api/data/<exchange>` answers: one option chain under the names that programs know."""

from collections.abc import Sequence
from typing import Any

from app.chains.bodies import Encoded
from app.chains.columns import COLUMNS, Contract
from app.chains.state import Chain, ChainState

Row = dict[str, Any]

_NAMED = tuple((column.legacy, column.take) for column in COLUMNS if column.legacy is not None)
_PLAIN = tuple((name, take) for name, take in _NAMED if "/" not in name)
_GROUPED = tuple((name.partition("/"), take) for name, take in _NAMED if "/" in name)


def payload(state: ChainState, strikes: int | None = None) -> Row:
    """The chain as plain values ready for JSON.

    `strikes` keeps that many strikes either side of ATM (None: all); totals, PCR and max pain
    are always those of the full chain. Unknown values are None.
    """
    return _payload(state.chain, state.status(), strikes)


def body(state: ChainState, strikes: int | None = None) -> Encoded:
    """The payload as JSON."""
    chain, status = state.chain, state.status()
    if strikes is None or _atm(chain) is None:
        return chain.bodies.whole(("legacy", status), lambda: _payload(chain, status, None))
    key = (strikes, status)
    return chain.bodies.narrowed(key, lambda: _payload(chain, status, strikes))


def _payload(chain: Chain, status: str, strikes: int | None) -> Row:
    shown, facts = _around(chain, strikes), chain.facts_when(status)
    return {
        **facts,
        "strike_difference": facts["strike_step"],
        # programs that know no "no view" are told to do nothing, and why
        "ml_signal": facts["ml_signal"] or "HOLD",
        "call_options": [_option(c) for c in shown if c.row.option_type == "CE"],
        "put_options": [_option(c) for c in shown if c.row.option_type == "PE"],
    }


def _option(contract: Contract) -> Row:
    row: Row = {name: take(contract) for name, take in _PLAIN}
    for (group, _, name), take in _GROUPED:
        row.setdefault(group, {})[name] = take(contract)
    return row


def _around(chain: Chain, strikes: int | None) -> Sequence[Contract]:
    """The contracts of at most `strikes` strikes either side of ATM; None leaves all."""
    atm = _atm(chain)
    if strikes is None or atm is None:
        return chain.contracts
    listed = sorted({row.strike for row in chain.rows})
    centre = min(range(len(listed)), key=lambda i: abs(listed[i] - atm), default=0)
    kept = frozenset(listed[max(0, centre - strikes) : centre + strikes + 1])
    return [contract for contract in chain.contracts if contract.row.strike in kept]


def _atm(chain: Chain) -> float | None:
    return None if chain.head is None else chain.head.atm_strike
