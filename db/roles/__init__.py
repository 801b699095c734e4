"""The roles of a database with least privilege: who reads, who writes, and what pages need."""
