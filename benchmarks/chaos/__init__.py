"""The whole system under faults, and a witness that says what came of it."""
