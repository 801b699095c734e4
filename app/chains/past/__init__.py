"""The chain as of any stored instant, and the way from one to the next."""
