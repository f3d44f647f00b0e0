"""The server worker: REST under /api/v1, WHEP, one WebSocket of events, and the pages."""
