"""The description holds every route and no other, and what the routes read."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.web.description.asked import BODIES, FORMS, QUERIES
from app.web.description.document import document, path_of
from app.web.factory import build
from db.settings import Settings
from tests.support.paths import ROOT


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return build(Settings(home=tmp_path_factory.mktemp("home")))


def test_every_route_is_described_and_nothing_else(application: Flask) -> None:
    routes = {
        (path_of(rule), method)
        for rule in application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {
        (path, method.upper())
        for path, operations in document(application, "1")["paths"].items()
        for method in operations
    }
    assert described == routes
    assert ("/api/series/{exchange}/{name}.csv", "GET") in described
    assert ("/api/alerts/{number}", "PATCH") in described


def test_every_route_says_what_it_answers(application: Flask) -> None:
    silent = [
        operation["operationId"]
        for operations in document(application, "1")["paths"].values()
        for operation in operations.values()
        if not operation["summary"]
    ]
    assert silent == []


def test_what_is_told_of_a_route_belongs_to_one(application: Flask) -> None:
    assert {*QUERIES, *BODIES, *FORMS} <= set(application.view_functions)


def words_read() -> Iterator[tuple[str, str]]:
    """(file, word) of each word of an address that the routes read by name."""
    folders = (ROOT / "app" / "web" / "routes", ROOT / "app" / "web" / "auth")
    for path in (path for folder in folders for path in folder.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        pattern = r"request\.(?:args|values)(?:\.get\(|\[)\"(\w+)\""
        yield from ((path.name, word) for word in re.findall(pattern, source))


def test_every_word_that_a_route_reads_is_described() -> None:
    described = {word for words in QUERIES.values() for word in words}
    read = list(words_read())
    assert ("chain.py", "strikes") in read
    assert [(file, word) for file, word in read if word not in described] == []


def test_it_is_served_to_who_has_signed_in_and_to_nobody_else(client: FlaskClient) -> None:
    answer = client.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.json["paths"]["/api/data/{exchange}"]["get"]["parameters"][0]["in"] == "path"
    assert client.application.test_client().get("/api/openapi.json").status_code == 401
