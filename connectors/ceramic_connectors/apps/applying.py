"""One call of `AppStore.apply`, within its transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from ceramic_connectors.apps import catalog, rewriting
from ceramic_connectors.apps.applied import Applied
from ceramic_connectors.apps.columns import STREAM_ID, Column, plan_table
from ceramic_connectors.apps.database import Database
from ceramic_connectors.apps.kinds import Kind
from ceramic_connectors.apps.records import record_of
from ceramic_connectors.apps.rewriting import WAITING
from ceramic_connectors.apps.statements import columns_of, upsert
from ceramic_connectors.apps.states import StreamState

STREAMS: Final = "streams"
STREAMS_COLUMNS: Final = (STREAM_ID, Column("model", Kind.TEXT), Column("version", Kind.BIGINT))


class Application:
    """Takes in states of streams, of each stream one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._models: dict[str, str | None] = {}
        self._result = Applied()

    def run(self, states: Iterable[StreamState]) -> Applied:
        """Change whatever tables it takes."""
        fresh = self._fresh(list(states))
        self._remember(fresh)
        # Models first: then what comes with them needn't wait.
        for state in fresh:
            if state.is_model:
                self._define(state)
        self._place([state for state in fresh if not state.is_model])
        return self._result

    def _fresh(self, states: list[StreamState]) -> list[StreamState]:
        """Those that aren't older than what is known, and belong to a model as far as one can tell."""
        sql = f"SELECT stream_id, model, version FROM {STREAMS} WHERE stream_id = ANY($1)"
        rows = self._database.execute(sql, [[state.stream_id for state in states]]) if states else []
        versions = {stream: version for stream, _model, version in rows}
        self._models = {stream: model for stream, model, _version in rows}
        fresh = []
        for state in states:
            if state.version < versions.get(state.stream_id, state.version):
                self._result.stale += 1
            elif state.tip is not None and state.model is None:
                self._result.other += 1
            else:
                fresh.append(state)
        return fresh

    def _remember(self, states: Iterable[StreamState]) -> None:
        sql = upsert(self._database.types, STREAMS, STREAMS_COLUMNS)
        rows = [(state.stream_id, self._model_of(state), state.version) for state in states]
        if rows:
            self._database.execute(sql, columns_of(rows))

    def _model_of(self, state: StreamState) -> str | None:
        """The model of a stream; of one that lost its init event, the one it once had."""
        return state.model or self._models.get(state.stream_id)

    def _define(self, state: StreamState) -> None:
        old = catalog.read_tables(self._database, [state.stream_id]).get(state.stream_id)
        if state.tip is None:
            if old is not None:
                rewriting.drop_table(self._database, old)
                self._result.changed_tables.append(old.name)
            return
        self._result.models += 1
        taken = catalog.taken_names(self._database, state.stream_id)
        new = plan_table(state.stream_id, state.content, taken)
        record = record_of(state)
        if old is None:
            rewriting.make_table(self._database, new, record)
        elif (old.name, set(old.fields)) != (new.name, set(new.fields)):
            rewriting.alter_table(self._database, old, new, record)
        else:
            catalog.write_table(self._database, new, record)
            return
        self._result.changed_tables.append(new.name)

    def _place(self, states: Iterable[StreamState]) -> None:
        by_model: dict[str, list[StreamState]] = defaultdict(list)
        for state in states:
            model = self._model_of(state)
            if model is not None:
                by_model[model].append(state)
        tables = catalog.read_tables(self._database, list(by_model)) if by_model else {}
        for model, group in by_model.items():
            gone = [state.stream_id for state in group if state.tip is None or not state.should_index]
            records = [record_of(state) for state in group if state.tip is not None and state.should_index]
            table = tables.get(model)
            if gone:
                name = WAITING if table is None else table.name
                self._result.removed += rewriting.remove_rows(self._database, name, gone)
            if table is None:
                rewriting.write_waiting(self._database, model, records)
                self._result.waiting += len(records)
            else:
                rewriting.write_rows(self._database, table, records)
                self._result.written += len(records)
