"""An Alembic environment whose database, metadata and options a test hands over."""

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from db.timescale import plugin, preflight

settings = context.config.attributes
options = {
    "target_metadata": settings["metadata"],
    "transaction_per_migration": True,
    "autogenerate_plugins": plugin.AUTOGENERATE,
    "process_revision_directives": plugin.resumable,
    **settings["options"],
}

if context.is_offline_mode():
    context.configure(dialect_name="postgresql", literal_binds=True, **options)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = create_engine(settings["url"], poolclass=NullPool)
    settings["on_engine"](engine)
    with preflight.guarded(context, engine), engine.connect() as connection:
        context.configure(connection=connection, **options)
        plugin.run_migrations(context, patience_s=settings["patience_s"])
