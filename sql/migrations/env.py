"""What Alembic runs for each command; the connection, its transaction and its lock come from sql.migrate."""

from alembic import context

from sql.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
