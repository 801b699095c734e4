"""What is measured: each module is one part of the suite, or what parts share."""
