"""What signals cost: the time of a prediction, and what pages notice of those who make them."""
