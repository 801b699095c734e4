"""OI Gemini's app half: feeds, collector and the web process."""
