"""The legacy program's tables as it makes them, and the adoption of databases that hold them."""
