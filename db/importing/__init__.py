"""CSV exports of the original program into its tables: streamed, checked, safe to repeat."""

from db.importing.run import Imported, import_file
from db.importing.tables import table_named

__all__ = ["Imported", "import_file", "table_named"]
