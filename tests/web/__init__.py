USERNAME = "trader"
PASSWORD = "correct horse battery"  # noqa: S105 - of these tests only
