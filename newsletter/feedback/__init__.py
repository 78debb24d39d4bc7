"""What comes back after a message was accepted: bounces, complaints, wishes to leave, providers' events."""
