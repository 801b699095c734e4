"""Bad inputs, generated: whatever comes in, nothing fails, tells a traceback or changes a row."""
