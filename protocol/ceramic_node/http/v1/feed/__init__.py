"""Feeds: pages of them, and following them by Server-Sent Events or WebSocket."""
