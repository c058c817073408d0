"""Queries on the tables of models: what to ask for, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from ceramic_connectors.apps.conditions import Condition


@dataclass(frozen=True, slots=True)
class Order:
    """One column to sort by. Null comes last either way."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """Rows of another model's table beside each row: those whose `right` equals `left`.

    Their columns are called `name.column`. Rows without such rows stay, with nulls, unless it is `required`.

    Attributes:
        name: what the joined table is called in the query.
        left: column of the query's table, or `join.column` of an earlier join.
        right: column of the joined table.
        model: the joined model, as in `AppStore.table`; None: the one that `left` is a relation to.
        required: whether rows without a match are left out.
    """

    name: str
    left: str
    right: str
    model: str | None = None
    required: bool = False

    @classmethod
    def follow(
        cls, relation: str, *, model: str | None = None, name: str | None = None, required: bool = False
    ) -> Self:
        """The document that a relation refers to, called as the relation's last name unless named otherwise.

        A relation to documents of any model needs to be told which one to look for.
        """
        return cls(name or relation.rpartition(".")[2], relation, "stream_id", model, required)

    @classmethod
    def referring(
        cls, model: str, relation: str, *, name: str, left: str = "stream_id", required: bool = False
    ) -> Self:
        """The documents of a model whose relation refers to the row: as many rows as there are of them."""
        return cls(name, left, relation, model, required)

    @classmethod
    def account(cls, model: str, *, name: str, left: str = "controller", required: bool = False) -> Self:
        """The documents of a model controlled by the row's own account, or by that of an account relation."""
        return cls(name, left, "controller", model, required)


@dataclass(frozen=True, slots=True)
class Query:
    """Rows of a model's table, a page at a time.

    Attributes:
        model: StreamID, name of the table, or name of the model if no other has it.
        columns: which to give, `join.column` among them; all of all tables if empty.
        where: what rows must fulfil.
        order_by: what to sort by; streams that are equal in that are sorted by StreamID. Without any it is
            `created_at`, as in ComposeDB.
        joins: tables beside it.
        first: size of a page that goes forward, from the beginning or behind `after`.
        after: a cursor of the same query.
        last: size of a page that goes backward, from the end or before `before`; the rows come in the usual
            order all the same.
        before: a cursor of the same query.
    """

    model: str
    columns: tuple[str, ...] = ()
    where: Condition | None = None
    order_by: tuple[Order, ...] = (Order("created_at"),)
    joins: tuple[Join, ...] = ()
    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows by names of columns, and where the page lies.

    JSON columns hold JSON values, times are moments in UTC. `start` and `end` are cursors of the first and
    the last row, None without any; they stay good when rows come and go.
    """

    rows: list[dict[str, Any]]
    start: str | None
    end: str | None
    has_next: bool
    has_previous: bool
