"""The page makes of the folded chain the very message that it stands for."""

import json
import random
from typing import Any

from app.chains.folded import folded
from db.market.limits import CHANGE_MINUTES
from tests.web.page.conftest import Staged
from tests.web.page.stage import a_leg, full, without_book
from tests.web.page.test_first_paint import CHAINS

_UNFOLD = """async (texts) => {
  const { unfolded } = await import("/front/core/folded.js");
  return texts.map((text) => unfolded(JSON.parse(text)));
}"""


def _random_chain(chance: random.Random) -> dict[str, Any]:
    contracts = []
    for n in range(chance.randrange(30)):
        held = chance.choice([None, 0, 65, chance.randrange(10_000_000)])
        leg = a_leg(26_000 + n * chance.choice([50.0, 12.5]), chance.choice(["CE", "PE"]), oi=held)
        for minutes in CHANGE_MINUTES:
            change = chance.choice([None, 0, chance.randrange(-100_000, 100_000)])
            known = held is not None and change is not None and held > change
            leg[f"oi_{minutes}m"] = change
            leg[f"pct_{minutes}m"] = (
                round(change / (held - change) * 100, 3)
                if known and chance.random() < 0.95
                else chance.choice([None, -0.0, 1.5])
            )
        contracts.append(leg)
    return without_book(full(contracts=contracts))


def test_every_chain_unfolds_to_what_it_was(staged: Staged) -> None:
    seed = random.randrange(1 << 30)  # noqa: S311 - figures, no secrets
    print("seed", seed)
    chance = random.Random(seed)  # noqa: S311
    messages = [one for one in CHAINS.values() if one is not None]
    messages += [_random_chain(chance) for _ in range(300)]
    page = staged().open()
    made = page.evaluate(_UNFOLD, [json.dumps(folded(one)) for one in messages])
    for message, one in zip(messages, made, strict=True):
        assert one == message


def test_no_chain_stays_none(staged: Staged) -> None:
    assert staged().open().evaluate(_UNFOLD, ["null"]) == [None]
