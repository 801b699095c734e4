"""The broker's side: instruments, session, ticker; nothing here is on a page's way."""
