"""How long things take, and whether that is as it should be."""
