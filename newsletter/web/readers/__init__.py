"""The public site: sign-up, readers' own pages, the archive, and the webhooks of mail providers.

Not here: what a request changes (newsletter/audience) and stores (newsletter/store).
"""
