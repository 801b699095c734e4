"""How requests come in: read whole before a thread is given to them, and none takes all threads."""
