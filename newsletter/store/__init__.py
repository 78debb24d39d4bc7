"""The database: SQLite by default, PostgreSQL where NEWSLETTER_DATABASE names one."""
