"""A live writer, reader and bystander: what they met, waited for and kept."""
