"""Tables of applications: one per model, in DuckDB or PostgreSQL, as ComposeDB and OrbisDB keep them.

```python
from ceramic_connectors.apps import Order, Query, field, load_export, open_store

with open_store("duckdb:app.duckdb") as store:
    load_export(Path("tables"), store)
    liked = Query("CorpusPost", where=field("likes").ge(10), order_by=(Order("likes", descending=True),))
    print(store.find(liked).rows)
```
"""

from ceramic_connectors.apps.applied import Applied
from ceramic_connectors.apps.columns import Column, ModelTable, Relation, plan_table
from ceramic_connectors.apps.conditions import Condition, field
from ceramic_connectors.apps.export_folder import load_export
from ceramic_connectors.apps.kinds import Kind
from ceramic_connectors.apps.query import Join, Order, Page, Query
from ceramic_connectors.apps.states import StreamState, events_version
from ceramic_connectors.apps.store import AppStore, open_store
from ceramic_protocol.limits import MAX_PAGE

__all__ = [
    "MAX_PAGE",
    "AppStore",
    "Applied",
    "Column",
    "Condition",
    "Join",
    "Kind",
    "ModelTable",
    "Order",
    "Page",
    "Query",
    "Relation",
    "StreamState",
    "events_version",
    "field",
    "load_export",
    "open_store",
    "plan_table",
]
