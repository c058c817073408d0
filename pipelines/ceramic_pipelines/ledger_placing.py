"""Finding the streams of time events without `id` in a ledger's database (`ceramic_protocol.placing`).

In SQL, so that memory stays bounded however many there are.
"""

from __future__ import annotations

import sqlite3
from typing import Final

_PLACE: Final = """
CREATE TABLE unplaced (cid BLOB PRIMARY KEY, prev BLOB, stream BLOB);
INSERT OR IGNORE INTO unplaced SELECT cid, prev, NULL FROM item WHERE stream IS NULL AND kind NOT NULL;
CREATE INDEX unplaced_prev ON unplaced (prev);
UPDATE unplaced SET stream = (SELECT stream FROM item WHERE cid = unplaced.prev AND stream NOT NULL LIMIT 1)
 WHERE prev NOT IN (SELECT cid FROM unplaced);
WITH RECURSIVE found (cid, stream) AS (
    SELECT cid, stream FROM unplaced WHERE stream NOT NULL
    UNION ALL
    SELECT unplaced.cid, found.stream FROM found JOIN unplaced ON unplaced.prev = found.cid
)
UPDATE unplaced SET stream = found.stream FROM found WHERE unplaced.cid = found.cid;
UPDATE item SET stream = (SELECT stream FROM unplaced WHERE unplaced.cid = item.cid)
 WHERE stream IS NULL AND kind NOT NULL;
DELETE FROM unplaced WHERE stream NOT NULL;
"""


def place_events(database: sqlite3.Connection) -> None:
    """Give the events of the table `item` their streams; once, when all events and the indexes are there.

    Those whose stream stays unknown stand in the table `unplaced`.
    """
    database.executescript(_PLACE)
