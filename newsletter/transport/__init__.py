"""How a message leaves: the message itself, SMTP, SendGrid, and the outbox folder."""
