"""What a client of ADBC gets."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from ceramic_node.sql.schemas import TABLES
from ceramic_protocol.ids import METAMODEL
from tests.node.sql.mirroring import STORED
from tests.node.sql.serving import Serving, serving
from tests.node.states.making import ALICE, data, document, document_id, model, model_id, time
from tests.node.states.world import EVENTS

NOTE = model("Note")
DOCUMENT = document(model_id(NOTE), "one", {"text": 'a "quoted" word'})
CHANGE = data(DOCUMENT, DOCUMENT, 1)
ANCHOR = time(DOCUMENT, CHANGE, 900)


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    with serving(events=[*EVENTS, DOCUMENT, CHANGE, ANCHOR]) as found:
        yield found


@pytest.mark.parametrize("name", STORED)
def test_all_columns_come_as_ceramic_one_has_them(served: Serving, name: str) -> None:
    found = served.ask(f"SELECT * FROM {name}")
    assert found.num_rows
    assert found.schema == TABLES[name]
    assert served.connection.adbc_get_table_schema(name) == TABLES[name]


def test_names_may_say_where_a_table_lies(served: Serving) -> None:
    counts = {
        served.one(f"SELECT count(*) FROM {name}")
        for name in ("event_states", "v0.event_states", "ceramic.v0.event_states", "CERAMIC.V0.EVENT_STATES")
    }
    assert len(counts) == 1


def test_identifiers_as_text(served: Serving) -> None:
    sql = """
        SELECT cid_string(stream_cid), stream_id_string(dimension_extract(dimensions, 'model')),
            array_cid_string(previous), array_stream_id_string([dimension_extract(dimensions, 'model')]),
            cid_string(NULL), dimension_extract(dimensions, 'nothing'),
            dimension_extract(dimensions, 'controller')::varchar
        FROM conclusion_events WHERE event_cid = $1
    """
    note = str(model_id(NOTE))
    document_cid = str(DOCUMENT.checked.cid)
    (row,) = served.rows(sql, (bytes(CHANGE.checked.cid),))
    assert row == (document_cid, note, [document_cid], [note], None, None, ALICE)
    (row,) = served.rows(sql, (bytes(NOTE.checked.cid),))
    assert row[1] == str(METAMODEL)


def test_json_in_bytes(served: Serving) -> None:
    sql = """
        SELECT data::varchar, data::text->'content'->>'text', data::varchar->>'$.content.text',
            json_get_str(data::varchar, 'metadata'), json_get_int(data::varchar->'content', 'a'), data
        FROM event_states WHERE event_cid = $1
    """
    (row,) = served.rows(sql, (bytes(CHANGE.checked.cid),))
    assert row[1:3] == ('a "quoted" word', 'a "quoted" word')
    assert row[4] == 1
    assert row[5].decode() == row[0]


def test_a_column_keeps_its_name_when_it_becomes_text(served: Serving) -> None:
    found = served.ask("SELECT data::varchar, count(*) FROM event_states GROUP BY ALL")
    assert found.column_names == ["data", "count(*)"]
    assert found.schema.field("data").type == pa.utf8()


def test_lists_and_aggregates(served: Serving) -> None:
    sql = """
        SELECT last_value(event_height ORDER BY event_height),
            count(*) FILTER (WHERE empty(validation_errors)),
            array_length(first_value(validation_errors ORDER BY event_height))
        FROM event_states WHERE stream_cid = $1
    """
    assert served.rows(sql, (bytes(DOCUMENT.checked.cid),)) == [(2, 3, 0)]


def test_a_stream_by_its_id(served: Serving) -> None:
    sql = """
        SELECT data::varchar->'content'->>'a', last_anchored_at, len(reverted)
        FROM stream_states WHERE stream_id = $1
    """
    assert served.rows(sql, (str(document_id(DOCUMENT)),)) == [("1", 900, 0)]


def test_windows_with_and_joins(served: Serving) -> None:
    sql = """
        WITH ranked AS (
            SELECT stream_cid, event_cid,
                row_number() OVER (PARTITION BY stream_cid ORDER BY event_state_order DESC) n
            FROM event_states
        )
        SELECT count(*) FROM ranked r JOIN stream_tips t ON t.stream_cid = r.stream_cid WHERE n = 1
    """
    assert served.one(sql) == served.one("SELECT count(*) FROM stream_tips")


def test_parameters(served: Serving) -> None:
    assert served.rows("SELECT $2::bigint, $1::varchar", ("a", 5)) == [(5, "a")]
    assert served.rows("SELECT ?::bigint + 1", (5,)) == [(6,)]
    ordered = (
        "SELECT conclusion_event_order FROM conclusion_events WHERE conclusion_event_order BETWEEN $1 AND $2"
    )
    assert sorted(served.rows(ordered, (2, 4))) == [(2,), (3,), (4,)]
    assert served.rows(f"{ordered} ORDER BY 1 LIMIT $3 OFFSET $4", (2, 9, 1, 2)) == [(4,)]
    assert "2 parameters" in served.error(ordered, (1,))
    assert "not $x" in served.error("SELECT $x", None) or "called" in served.error("SELECT $x", None)


def test_a_prepared_statement_is_run_again(served: Serving) -> None:
    with served.connection.cursor() as cursor:
        for order in (1, 2, 3):
            cursor.execute(
                "SELECT conclusion_event_order o FROM conclusion_events WHERE conclusion_event_order = $1",
                (order,),
            )
            assert cursor.fetchall() == [(order,)]


def test_what_there_is(served: Serving) -> None:
    connection = served.connection
    info = connection.adbc_get_info()
    assert info["vendor_name"] == "ceramic-streams"
    assert connection.adbc_get_table_types() == ["TABLE"]
    (catalog,) = connection.adbc_get_objects(depth="columns").read_all().to_pylist()
    assert catalog["catalog_name"] == "ceramic"
    (schema,) = catalog["catalog_db_schemas"]
    assert schema["db_schema_name"] == "v0"
    tables = {table["table_name"]: table["table_columns"] for table in schema["db_schema_tables"]}
    assert {name: [column["column_name"] for column in columns] for name, columns in tables.items()} == {
        name: schema.names for name, schema in TABLES.items()
    }
    few = connection.adbc_get_objects(depth="tables", table_name_filter="stream%").read_all().to_pylist()
    assert [table["table_name"] for table in few[0]["catalog_db_schemas"][0]["db_schema_tables"]] == [
        "stream_states",
        "stream_tips",
    ]


def test_show_and_describe(served: Serving) -> None:
    assert sorted(served.ask("SHOW TABLES").column(0).to_pylist()) == sorted(TABLES)
    described = served.ask("DESCRIBE stream_tips").column(0).to_pylist()
    assert described == TABLES["stream_tips"].names


def test_an_answer_without_rows_has_its_schema(served: Serving) -> None:
    found = served.ask("SELECT * FROM event_states WHERE false")
    assert found.num_rows == 0
    assert found.schema == TABLES["event_states"]


def test_errors_have_codes_and_no_traceback(served: Serving) -> None:
    for sql, code in (
        ("SELECT nothing FROM event_states", "sql_error"),
        ("SELECT * FROM nothing", "sql_error"),
        ("SELEC 1", "sql_"),
        ("SELECT CAST('x' AS INTEGER)", "sql_error"),
        ("SELECT cid_string('x'::blob)", "sql_error"),
        ("SELECT 1; SELECT 2", "sql_refused"),
    ):
        said = served.error(sql)
        assert code in said, sql
        assert "Traceback" not in said
        assert ".py" not in said
