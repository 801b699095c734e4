"""The description as a document: each route that there is, whatever part of the program adds it.

https://spec.openapis.org/oas/v3.1.0
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Rule

from app.web.description.asked import BODIES, FORMS, QUERIES
from db.market.exchanges import EXCHANGES

_WITHOUT_WORD = frozenset({"HEAD", "OPTIONS"})
_ERROR = {"$ref": "#/components/schemas/Error"}
_UNSAFE = frozenset({"POST", "PATCH", "DELETE", "PUT"})
_PUBLIC_PAGES = ("/login", "/healthz", "/assets/")


def document(app: Flask, version: str) -> dict[str, Any]:
    """All routes of an application that speak HTTP."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=str):
        for method in sorted((rule.methods or set()) - _WITHOUT_WORD):
            view = app.view_functions[rule.endpoint]
            paths.setdefault(path_of(rule), {})[method.lower()] = _operation(rule, method, view)
    return {
        "openapi": "3.1.0",
        "info": {"title": "OI Gemini", "version": version},
        "paths": paths,
        "security": [{"session": []}],
        "components": {
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": app.config["SESSION_COOKIE_NAME"],
                }
            },
            "schemas": {
                "Error": {
                    "type": "object",
                    "properties": {"error": {"type": "string", "minLength": 1}},
                    "required": ["error"],
                }
            },
        },
    }


def path_of(rule: Rule) -> str:
    """A rule's path as a description writes it: `/api/data/{exchange}`."""
    return "".join(text if is_text else f"{{{text}}}" for is_text, text in _parts(rule))


def _parts(rule: Rule) -> Iterator[tuple[bool, str]]:
    """(whether it is plain text, text or the name of a variable), from left to right."""
    rest = rule.rule
    while rest:
        plain, opened, after = rest.partition("<")
        yield True, plain
        inside, _, rest = after.partition(">")
        if opened:
            yield False, inside.rpartition(":")[2]


def _operation(rule: Rule, method: str, view: Callable[..., Any]) -> dict[str, Any]:
    told = inspect.getdoc(view) or ""
    summary, _, more = told.partition("\n\n")
    found: dict[str, Any] = {
        "operationId": f"{rule.endpoint}:{method.lower()}",
        "tags": [rule.endpoint.partition(".")[0]],
        "summary": " ".join(summary.split()),
        "description": " ".join(more.split()),
        "parameters": [*_in_path(rule), *_in_query(rule.endpoint)],
        "responses": _answers(rule, method),
    }
    if rule.rule.startswith(_PUBLIC_PAGES):
        found["security"] = []
    if body := _body(rule.endpoint):
        found["requestBody"] = {"required": True, "content": body}
    return found


def _in_path(rule: Rule) -> Iterator[Mapping[str, Any]]:
    for name, converter in rule._converters.items():
        schema: dict[str, Any] = {"type": "string", "minLength": 1}
        if isinstance(converter, IntegerConverter):
            schema = {"type": "integer", "minimum": 0}
        elif name == "exchange":
            schema["examples"] = list(EXCHANGES)
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(endpoint: str) -> Iterator[Mapping[str, Any]]:
    for name, schema in QUERIES.get(endpoint, {}).items():
        yield {"name": name, "in": "query", "required": False, "schema": schema}


def _body(endpoint: str) -> dict[str, Any]:
    if endpoint in BODIES:
        return {"application/json": {"schema": BODIES[endpoint]}}
    if endpoint in FORMS:
        return {"application/x-www-form-urlencoded": {"schema": FORMS[endpoint]}}
    return {}


def _answers(rule: Rule, method: str) -> dict[str, Any]:
    """What comes back; whatever goes wrong is one sentence."""
    is_json = rule.rule.startswith(("/api/", "/live", "/healthz"))
    kind = "text/csv" if rule.rule.endswith(".csv") else "application/json"
    good = {"description": "What was asked for.", "content": {kind if is_json else "*/*": {}}}
    error_kind, schema = ("application/json", _ERROR) if is_json else ("text/html", {})
    bad = {"content": {error_kind: {"schema": schema}}}
    answers: dict[str, Any] = {
        "200": good,
        "4XX": {"description": "What was asked makes no sense, or is not allowed.", **bad},
        "503": {"description": "The database does not answer, or too many ask.", **bad},
    }
    if method in _UNSAFE:
        answers["201"] = {**good, "description": "It is kept."}
    if method == "DELETE":
        answers["204"] = {"description": "It is gone."}
    if not is_json:
        answers["302"] = {"description": "Another page has what was asked for."}
    if rule.rule == "/live":
        answers["101"] = {"description": "The link is open."}
        answers["501"] = {"description": "This server does not push.", **bad}
    return answers
