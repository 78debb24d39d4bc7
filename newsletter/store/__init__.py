"""The database: SQLite by default, PostgreSQL where NEWSLETTER_DATABASE names one.

Not here: reasons: why a row changes is in newsletter/audience, newsletter/sending and newsletter/feedback.
"""
