"""The benchmark suite: what each optimization brings, and what it costs."""
