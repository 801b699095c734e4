"""The application in this process: what is measured there has no wire and no server around it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL

from app.web.auth.passwords import hashed
from app.web.factory import build
from benchmarks.errors import BenchmarkError
from benchmarks.web.serving import USERNAME, csrf_of
from db.settings import Settings

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient


@contextmanager
def built(url: URL, home: Path, without: tuple[str, ...] = ()) -> "Iterator[tuple[Flask, str]]":
    """An application on a database, and the password of its one user, until the block ends."""
    password = secrets.token_urlsafe(16)
    settings = replace(
        Settings(),
        home=home,
        database_url=url,
        username=USERNAME,
        password_hash=hashed(password),
        without=without,
    )
    app = build(settings)
    try:
        yield app, password
    finally:
        app.extensions["oi"].close()


def client_of(app: "Flask", password: str) -> "FlaskClient":
    """A browser that is signed in; raises BenchmarkError where nobody is let in."""
    client = app.test_client()
    form = {"username": USERNAME, "password": password, "csrf": csrf_of(client.get("/login").text)}
    if client.post("/login", data=form).status_code != 302:
        raise BenchmarkError("The application let nobody sign in.")
    return client
