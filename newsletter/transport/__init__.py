"""Transports: build a message, and send it by SMTP, by SendGrid, or into the outbox folder."""
