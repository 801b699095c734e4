"""The web server and its database, as the tests of the web have them."""

from tests.web.conftest import home, kept_sign_in, store, web

__all__ = ["home", "kept_sign_in", "store", "web"]
