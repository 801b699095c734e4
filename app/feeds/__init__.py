"""Where chains come from: one interface, several feeds."""
