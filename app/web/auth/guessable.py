"""New passwords: none that leaked, is common, or stands close to this site's own words.

OWASP ASVS 5, 6.2.4, 6.2.11 and 6.2.12 (https://github.com/OWASP/ASVS). Nothing is asked of another
machine: zxcvbn brings the thirty thousand commonest of leaked passwords, names and words with it,
and counts the guesses that a password made of them takes. Kinds of characters are not asked for
(6.2.5). https://www.usenix.org/conference/usenixsecurity16/technical-sessions/presentation/wheeler
"""

from datetime import datetime

from app.web.auth.passwords import demand_length
from db.errors import InvalidInputError
from db.market.clock import market_now
from db.market.exchanges import EXCHANGES

# eight random characters count as 10^8 guesses, of whichever kinds they are: those are taken, and a
# word with a year and a sign behind it is not
_FEWEST_GUESSES = 5 * 10**7
# of a longer one the beginning alone must do: what is weighed up takes time
_WEIGHED = 72
# beside the names of exchanges
_WORDS = (
    *("trader", "oi gemini", "oigemini", "gemini", "timescale", "timescaledb", "kite", "zerodha"),
    *("nifty", "banknifty", "finnifty", "sensex", "bankex", "vix", "nse", "bse"),
)


def demand_unguessable(password: str, username: str) -> None:
    """Raise InvalidInputError for a password that is short, or that few guesses would find."""
    demand_length(password)
    from zxcvbn import zxcvbn

    found = zxcvbn(password[:_WEIGHED], user_inputs=[username, *_words(market_now())])
    if found["guesses"] < _FEWEST_GUESSES:
        raise InvalidInputError(
            "That password is too easily guessed: it is common, has leaked, or is made of such "
            "words; choose another, for example four words that have nothing to do with each other."
        )


def _words(now: datetime) -> list[str]:
    """What somebody who guesses here would try first: this site's words, its field's, and years."""
    named = (
        word
        for exchange in EXCHANGES.values()
        for word in (exchange.key, exchange.label, exchange.underlying_name)
    )
    # the library knows those before 2020
    years = map(str, range(now.year + 1, 2019, -1))
    return [*_WORDS, *named, *years]
