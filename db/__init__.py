"""OI Gemini's database half: schema, engines, reads, writes and the DBA's tools."""
