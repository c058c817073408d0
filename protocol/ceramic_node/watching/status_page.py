"""The status page: one file, which needs nothing from elsewhere and may load and run nothing else."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from pathlib import Path
from typing import Final

PAGE: Final = (Path(__file__).parent / "status.html").read_bytes()
"""HTML, UTF-8."""


def _hash_of(element: bytes) -> str:
    """How a policy names the only script, or style, of the page."""
    (inner,) = re.findall(rb"<%s>(.*?)</%s>" % (element, element), PAGE, re.DOTALL)
    return f"'sha256-{base64.b64encode(sha256(inner).digest()).decode('ascii')}'"


POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        f"script-src {_hash_of(b'script')}",
        f"style-src {_hash_of(b'style')}",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Its Content-Security-Policy."""
