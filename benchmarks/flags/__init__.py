"""What each optimization is worth: the same program with and without it, in one run."""
