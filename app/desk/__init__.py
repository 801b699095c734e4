"""What a trader keeps here: books and rules, without a word of HTTP."""
