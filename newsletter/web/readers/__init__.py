"""The public site: sign-up, readers' own pages, the archive, and the webhooks of mail providers."""
