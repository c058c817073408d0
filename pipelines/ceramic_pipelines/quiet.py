"""Keeping Beam's own log off the terminal of people who didn't ask for it."""

from __future__ import annotations

import logging


def quiet_beam() -> None:
    """Let Beam's log go nowhere; call it before Beam is imported, as the import itself logs.

    An application that sets up logging of its own before or after sees everything as usual.
    """
    for name in ("root", "apache_beam"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    logging.getLogger("apache_beam").propagate = False
