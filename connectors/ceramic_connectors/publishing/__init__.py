"""Versions of an export in tables of others: Iceberg, DuckDB, PostgreSQL.

```python
from ceramic_connectors.publishing import ExportVersion, open_tables

with open_tables("iceberg:prod") as tables:
    tables.publish(ExportVersion.read(Path("tables")))
```
"""

from ceramic_connectors.publishing.changes import TableChange
from ceramic_connectors.publishing.export_version import ExportVersion
from ceramic_connectors.publishing.opening import PublishedTables, open_tables

__all__ = ["ExportVersion", "PublishedTables", "TableChange", "open_tables"]
