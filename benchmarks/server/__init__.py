"""The server under test: databases made on it, what it reports, what it runs on."""
