"""What handlers find in the application of this API."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from ceramic_node.http.v1.feed.consumers import Consumers
from ceramic_node.http.v1.feed.shared import SharedReading
from ceramic_node.http.v1.tokens import Epochs

SHARED: Final = web.AppKey("shared", SharedReading)
EPOCHS: Final = web.AppKey("epochs", Epochs)
CONSUMERS: Final = web.AppKey("consumers", Consumers)
JUDGES: Final = web.AppKey("judges", asyncio.Semaphore)
"""Lets a few whole streams be judged at once."""
