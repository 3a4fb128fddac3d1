"""Runs the migrations on the connection that `alerts.database` hands over, inside its transaction."""

from alembic import context

from alerts.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
