"""The broker's feed under measurement: from a stand-in's socket to committed rows and browsers."""
