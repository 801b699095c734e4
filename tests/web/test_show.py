"""`python -m app show` prints what the API answers."""

import orjson
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import URL

from app.cli.show import command
from db import engine
from db.errors import InvalidInputError
from tests.web.conftest import Store


@pytest.fixture
def show(database: URL, monkeypatch: pytest.MonkeyPatch):
    """Runs the command on the test's database."""
    made = engine.engine_for(database, read_only=True)
    monkeypatch.setattr(engine, "newest_engine", lambda: made)

    def run(*arguments: str):
        return CliRunner().invoke(command, list(arguments))

    yield run
    made.dispose()


@pytest.mark.parametrize("strikes", [None, 2])
def test_show_prints_exactly_the_answer_of_the_api(
    show, client: FlaskClient, store: Store, strikes: int | None
) -> None:
    store()
    narrowing = [] if strikes is None else ["--strikes", str(strikes)]
    query = {} if strikes is None else {"strikes": strikes}
    printed = show("NSE", "--json", *narrowing)
    answer = client.get("/api/data/NSE", query_string=query)
    assert printed.stdout_bytes == answer.data + b"\n"


def test_show_without_json_is_for_people(show, store: Store) -> None:
    store()
    printed = show("NSE").output
    assert "PCR          2.0" in printed
    assert "VIX" not in printed


def test_show_of_nothing_prints_unknown(show) -> None:
    assert orjson.loads(show("BSE", "--json").stdout_bytes)["pcr"] is None
    assert "PCR          –" in show("BSE").output


def test_show_names_the_known_exchanges(show) -> None:
    result = show("NYSE", "--json")
    assert isinstance(result.exception, InvalidInputError)
    assert "known are NSE, BSE" in str(result.exception)
