"""Why an order is not taken."""

from db.errors import OIError


class RefusedError(OIError):
    """The order makes sense, but cannot be filled as things stand; nothing of it was kept."""


class LimitError(RefusedError):
    """The market is open and quotes the contract, but not at the price that was named."""


class KeyReusedError(RefusedError):
    """An order's key came again with another order."""

    def __init__(self, key: str) -> None:
        super().__init__(f"The key {key!r} was used for another order; give each order its own.")
