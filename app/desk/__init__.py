"""What a trader keeps here: rules and books, without HTTP."""
