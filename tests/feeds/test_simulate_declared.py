"""Whatever key an operator declares is simulated: an index, a share, another expiry, a date."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from app.collector.enrich import enriched
from app.collector.memory import Memory
from app.feeds.simulate.feed import SimulateFeed, snapshot_at
from app.feeds.simulate.underlyings import KNOWN, underlying_of
from app.feeds.validation import checked
from app.kite.instruments import parsed
from app.kite.listing import listed
from app.kite.standin.dump import dump
from app.kite.standin.faults import Faults
from app.kite.standin.hours import Hours
from app.kite.standin.listing import listings
from app.kite.standin.market import Market
from db.market.clock import IST
from db.market.exchanges import EXCHANGES
from db.settings import settings

SEED = 7
AT = datetime(2026, 8, 12, 11, 0, tzinfo=IST)
OWN = """
[[exchange]]
key = "FINNIFTY"
label = "FINNIFTY"
underlying = "FINNIFTY"
name = "NIFTY FIN SERVICE"
segment = "NFO"
index = "NSE:NIFTY FIN SERVICE"
index_token = 257801
strike_step = 50.0
expiry = "monthly"

[[exchange]]
key = "RELIANCE"
label = "RELIANCE"
underlying = "RELIANCE"
name = "RELIANCE"
segment = "NFO"
index = "NSE:RELIANCE"
strike_step = 10.0
expiry = "nearest"

[[exchange]]
key = "NIFTY_NEXT"
label = "NIFTY +1"
underlying = "NIFTY"
name = "NIFTY 50"
segment = "NFO"
index = "NSE:NIFTY 50"
index_token = 256265
strike_step = 50.0
expiry = "nearest+1"

[[exchange]]
key = "NIFTY_DATED"
label = "NIFTY Dec"
underlying = "NIFTY"
name = "NIFTY 50"
segment = "NFO"
index = "NSE:NIFTY 50"
index_token = 256265
strike_step = 50.0
expiry = 2026-12-29
"""
KEYS = ("FINNIFTY", "RELIANCE", "NIFTY_NEXT", "NIFTY_DATED")


@pytest.fixture
def declared(tmp_path: Path) -> Iterator[None]:
    file = tmp_path / "exchanges.toml"
    file.write_text(OWN, encoding="utf-8")
    before = settings().exchanges_file
    EXCHANGES.adopt(file)
    yield
    EXCHANGES.adopt(before)


def test_what_is_declared_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    before = [snapshot_at(SEED, key, AT) for key in ("NSE", "BANKNIFTY_MONTHLY")]
    file = tmp_path / "exchanges.toml"
    file.write_text(OWN, encoding="utf-8")
    EXCHANGES.adopt(file)
    try:
        after = [snapshot_at(SEED, each.exchange, AT) for each in before]
    finally:
        EXCHANGES.adopt(settings().exchanges_file)
    for was, now in zip(before, after, strict=True):
        assert (was.underlying_price, was.future_price) == (now.underlying_price, now.future_price)
        np.testing.assert_array_equal(was.options.ltp, now.options.ltp)
        np.testing.assert_array_equal(was.options.token, now.options.token)


@pytest.mark.usefixtures("declared")
@pytest.mark.parametrize("key", KEYS)
def test_a_declared_key_is_a_sound_chain_around_its_money(key: str) -> None:
    chain = snapshot_at(SEED, key, AT)
    sound, faults = checked(chain, lambda: AT)
    assert sound is not None
    assert not faults
    snapshot = enriched(sound, Memory())
    step = EXCHANGES[key].strike_step
    assert chain.underlying_price is not None
    assert snapshot.atm_strike is not None
    assert abs(snapshot.atm_strike - chain.underlying_price) < 3 * step
    volatility = snapshot.options.iv_forward
    assert np.isfinite(volatility).mean() > 0.4
    assert 4 < np.nanmedian(volatility) < 60
    assert (chain.options.oi > 0).mean() > 0.5


@pytest.mark.usefixtures("declared")
def test_a_share_has_its_own_step_lot_and_monthly_expiry() -> None:
    chain = snapshot_at(SEED, "RELIANCE", AT)
    strikes = np.unique(chain.options.strike)
    assert set(np.diff(strikes).tolist()) == {10.0}
    assert chain.options.expiry[0].item() == date(2026, 8, 25)
    assert chain.options.symbol[0].startswith(b"RELIANCE26AUG")
    assert chain.lot_size == underlying_of("RELIANCE").lot > 1


@pytest.mark.usefixtures("declared")
def test_a_rule_beyond_the_nearest_and_a_date_choose_their_expiries() -> None:
    found = {key: snapshot_at(SEED, key, AT).options.expiry[0].item() for key in KEYS[2:]}
    assert found == {"NIFTY_NEXT": date(2026, 8, 25), "NIFTY_DATED": date(2026, 12, 29)}


@pytest.mark.usefixtures("declared")
def test_no_two_contracts_share_a_token_and_families_stay_apart() -> None:
    listing = listings(SEED, AT.date())
    assert len({row.symbol for row in listing.rows}) == len(listing.rows) == len(listing.place)
    families = {underlying_of(each.underlying_symbol).family for each in EXCHANGES.values()}
    assert families == set(range(len(KNOWN) + 2))


@pytest.mark.usefixtures("declared")
def test_the_stand_in_lists_and_shows_every_declared_key() -> None:
    market = Market(lambda: AT, seed=SEED, hours=Hours())
    found = listed(parsed(dump(market.listings(), None, Faults())), EXCHANGES.values(), AT)
    assert list(found) == list(EXCHANGES)
    share = found["RELIANCE"]
    assert share.index_token is not None
    state = market.state()
    row = state.rows[state.listings.place[share.index_token]]
    assert row["ltp"] / 100 == snapshot_at(SEED, "RELIANCE", AT).underlying_price


@pytest.mark.usefixtures("declared")
def test_the_simulated_feed_brings_all_keys() -> None:
    feed = SimulateFeed(SEED, now=lambda: AT)
    found = [chain.exchange for chain in islice(feed.batches(), len(EXCHANGES))]
    feed.close()
    assert found == list(EXCHANGES)
    assert set(feed.states()) == set(EXCHANGES)
