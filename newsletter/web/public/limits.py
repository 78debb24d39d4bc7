"""How often one network may ask: counted in memory, for this process."""

import time

from flask_limiter import Limiter

from newsletter.web.public.site import network

limiter = Limiter(network, default_limits=["600/minute"], storage_uri="memory://")
"""Limits each page; `limiter.exempt` is for those that programs of a few networks ask in masses."""

forms = limiter.shared_limit("30/minute", "forms", methods=["POST"], override_defaults=False)
"""Put under the route of a form: all forms together count."""

search = limiter.shared_limit("60/minute", "search", override_defaults=False)
"""Put under the route of what makes the database search."""


def seconds_left() -> int:
    """Return after how many seconds a network that asked too often may ask again, at least one."""
    broken = limiter.current_limit
    return max(1, round(broken.reset_at - time.time())) if broken else 1
