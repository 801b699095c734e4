"""What stands between the routes and the paper desk: quotes for it, JSON of it."""
