"""What the broker answers when it refuses."""


class KiteError(Exception):
    """A refusal: HTTP status, the broker's name for its kind, and its words."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type
        self.message = message

    def as_json(self) -> dict[str, object]:
        """The body of the answer."""
        return {
            "status": "error",
            "message": self.message,
            "data": None,
            "error_type": self.error_type,
        }


def token_error(message: str = "Incorrect `api_key` or `access_token`.") -> KiteError:
    """Log in again."""
    return KiteError(403, "TokenException", message)


def input_error(message: str) -> KiteError:
    """Something is missing or makes no sense."""
    return KiteError(400, "InputException", message)


def too_many() -> KiteError:
    """Wait a little."""
    return KiteError(429, "NetworkException", "Too many requests")
