"""How readings are kept: everything that speaks SQL lives here. sql never knows who asks."""

from sql.migrate import migrate, schema_is_current
from sql.store import Store, open_store

__all__ = ["Store", "migrate", "open_store", "schema_is_current"]
