"""The dashboard's first paint by the server: the figures and words that the page writes."""
