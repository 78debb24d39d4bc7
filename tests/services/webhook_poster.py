"""Post what is due to a site on loopback, in a process of its own that a test kills."""

import sys
from pathlib import Path

from newsletter.services import open_workspace
from newsletter.services.webhooks.posting import post_due
from tests.services.test_webhooks import KEYS, receiver
from tests.site import Site

if __name__ == "__main__":
    root, url, port = sys.argv[1:]
    site = Site(int(port))
    post_due(open_workspace(Path(root)), [receiver(url, KEYS)], lambda: site.fetcher("newsletter"))
