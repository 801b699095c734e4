"""Alerts: rules as data, what is found of them in a chain, and who watches."""
