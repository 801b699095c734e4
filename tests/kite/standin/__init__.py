"""The stand-in for the broker, proved true by the official client."""
