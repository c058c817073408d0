"""The published client of ceramic-one's SQL, unchanged, against a node of ours."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import ipc

from ceramic_node.http.guard import Scope, TokenFile, new_token
from ceramic_protocol.multibase import encode
from tests.interop.talking import Failed, Talk, talking
from tests.node.sql.serving import Serving, serving
from tests.node.states.making import data, document, model, model_id

_HERE = Path(__file__).parent

NOTE = model("Note")
DOCUMENT = document(model_id(NOTE), "one", {"text": "x"})
CHANGE = data(DOCUMENT, DOCUMENT, 1)


def table(answer: str) -> pa.Table:
    """The rows in an answer."""
    return ipc.open_file(io.BytesIO(base64.b64decode(answer))).read_all()


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    with serving(events=[NOTE, DOCUMENT, CHANGE]) as found:
        yield found


@pytest.fixture(scope="module")
def client(served: Serving) -> Iterator[Talk]:
    with talking(_HERE, ["sql.mjs"], str(served.sql.port)) as talk:
        yield talk


def test_a_query_of_ceramic_one(client: Talk) -> None:
    sql = (
        "SELECT conclusion_event_order, cid_string(stream_cid) AS stream_cid, event_type, controller,"
        " data::varchar AS data, array_cid_string(previous) AS previous FROM conclusion_events"
        " WHERE conclusion_event_order > 1 ORDER BY conclusion_event_order"
    )
    rows = table(client.ask("query", sql=sql)).to_pylist()
    assert [row["conclusion_event_order"] for row in rows] == [2, 3]
    assert rows[1]["stream_cid"] == str(DOCUMENT.checked.cid)
    assert rows[1]["previous"] == [str(DOCUMENT.checked.cid)]
    assert rows[1]["data"] == '{"metadata":{},"content":[{"op":"add","path":"/a","value":1}]}'


def test_all_of_a_table_comes_with_its_schema(client: Talk) -> None:
    found = table(client.ask("query", sql="SELECT * FROM event_states"))
    assert found.num_rows == 3
    assert found.schema.field("dimensions").type.item_type == pa.binary()
    assert not found.schema.field("event_state_order").nullable


def test_parameters_are_text_and_bytes_in_multibase(client: Talk) -> None:
    cid = encode(bytes(DOCUMENT.checked.cid), "m")
    sql = "SELECT event_height FROM event_states WHERE stream_cid = $1 AND event_height >= $2 ORDER BY 1"
    found = table(client.ask("prepared", sql=sql, values=[["$1", cid], ["$2", "0"]]))
    assert found.column(0).to_pylist() == [0, 1]


def test_what_there_is(client: Talk) -> None:
    assert table(client.ask("catalogs")).to_pylist() == [{"catalog_name": "ceramic"}]
    assert table(client.ask("schemas", options={"catalog": "ceramic"})).column(1).to_pylist() == ["v0"]
    options: dict[str, Any] = {"tableNameFilterPattern": "%_feed", "includeSchema": True}
    found = table(client.ask("tables", options=options)).to_pylist()
    assert [row["table_name"] for row in found] == ["conclusion_events_feed", "event_states_feed"]
    schema = ipc.read_schema(pa.py_buffer(found[0]["table_schema"]))
    assert schema.names[:2] == ["conclusion_event_order", "stream_cid"]


def test_a_feed_goes_on(client: Talk, served: Serving) -> None:
    sql = "SELECT event_cid FROM conclusion_events_feed WHERE conclusion_event_order > 1"
    client.ask("feed", name="live", sql=sql)
    history = table(client.ask("next", name="live"))
    assert history.column(0).to_pylist() == [DOCUMENT.checked.cid, CHANGE.checked.cid]
    later = data(DOCUMENT, CHANGE, 2)
    served.put([later])
    assert table(client.ask("next", name="live")).column(0).to_pylist() == [later.checked.cid]


def test_a_prepared_feed_ends_with_its_limit(client: Talk) -> None:
    sql = "SELECT event_cid FROM event_states_feed WHERE stream_cid = $1 LIMIT 1"
    cid = encode(bytes(DOCUMENT.checked.cid), "m")
    client.ask("preparedFeed", name="one", sql=sql, values=[["$1", cid]])
    assert table(client.ask("next", name="one")).num_rows == 1
    assert client.ask("next", name="one") is None


def test_an_error_is_told(client: Talk) -> None:
    with pytest.raises(Failed, match="sql_error"):
        client.ask("query", sql="SELECT nothing FROM event_states")
    with pytest.raises(Failed, match="sql_error"):
        client.ask("query", sql="SELECT CAST('x' AS INTEGER)")
    with pytest.raises(Failed, match="sql_refused"):
        client.ask("query", sql="DELETE FROM event_states")


def test_a_token(tmp_path: Path) -> None:
    secret, token = new_token("reader", [Scope.READ])
    path = tmp_path / "tokens"
    path.write_text(token.line)
    path.chmod(0o600)
    with (
        serving(events=[NOTE], tokens=TokenFile(path)) as served,
        talking(_HERE, ["sql.mjs"], str(served.sql.port)) as client,
    ):
        sql = "SELECT count(*) FROM event_states"
        assert table(client.ask("withToken", token=secret, sql=sql)).column(0).to_pylist() == [1]
        with pytest.raises(Failed, match="token_missing"):
            client.ask("query", sql=sql)
        with pytest.raises(Failed, match="token_invalid"):
            client.ask("withToken", token="wrong", sql=sql)
