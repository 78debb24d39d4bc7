"""From an issue to its editions, and from an edition to HTML and text.

Not here: the look (templates/), findings (newsletter/checks), mails (newsletter/transport).
"""
