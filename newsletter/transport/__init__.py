"""How a message leaves: the message itself, SMTP, and the outbox folder."""
