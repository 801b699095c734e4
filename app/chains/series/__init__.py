"""Series for charts: what is told of a day, of a contract, of weeks, made once for a crowd."""
