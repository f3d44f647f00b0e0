"""How alembic runs: on the connection it is given, or on DATABASE_URL for `alembic revision` by hand."""

import os

from alembic import context
from sqlalchemy import Connection, create_engine

from regie.store.tables import metadata


def run(connection: Connection) -> None:
    # batch mode: SQLite cannot alter most things about a column, so alembic copies the table
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with create_engine(os.environ["DATABASE_URL"]).begin() as opened:
        run(opened)
