"""How Alembic runs the steps: on the connection, and in the transaction, that `open_database` gives it."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,  # SQLite too keeps to it, given that our engine issues BEGIN itself
)
with context.begin_transaction():
    context.run_migrations()
