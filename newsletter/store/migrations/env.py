"""Run migrations on the connection that store/db.py hands over, inside its transaction."""

from alembic import context

from newsletter.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
