"""What only an administrator may do."""

from flask import abort, g

from app.web.auth.people import ADMIN


def demand_admin() -> None:
    """End a viewer's request with 403."""
    if g.role != ADMIN:
        abort(403, "Only an administrator may do that; ask whoever runs this server.")
