"""What newsletter.yaml and web addresses choose by name: transports, and providers that report events.

Each name stands for a description, given as `module:attribute` and imported when it is needed. So the command
line can list the names without importing anything, and lower bands never name a module of a higher one in an
import.
"""

OUTBOX = "outbox"
"""The transport that only writes files: the default, which needs no confirmation and lets errors pass."""

ORDER = ", "
"""What stands between the names of several ways, by which mail leaves in that order."""

TRANSPORTS = {
    OUTBOX: "newsletter.transport.outbox:TRANSPORT",
    "smtp": "newsletter.transport.smtp:TRANSPORT",
    "sendgrid": "newsletter.transport.sendgrid:TRANSPORT",
    "mailgun": "newsletter.transport.mailgun:TRANSPORT",
    "postmark": "newsletter.transport.postmark:TRANSPORT",
    "ses": "newsletter.transport.ses:TRANSPORT",
}
"""The values of `transport:` and `--transport`; each is a `newsletter.transport.Description`."""

PROVIDERS = {
    "sendgrid": "newsletter.feedback.sendgrid:PROVIDER",
    "mailgun": "newsletter.feedback.mailgun:PROVIDER",
    "postmark": "newsletter.feedback.postmark:PROVIDER",
    "ses": "newsletter.feedback.ses:PROVIDER",
}
"""The last part of `/hooks/…`; each is a `newsletter.feedback.Provider`."""
