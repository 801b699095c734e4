"""The page that says how everything does, put together of sections."""
