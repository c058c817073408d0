"""Every bound has one name, and every name one bound."""

from __future__ import annotations

import ast
import inspect
from collections import Counter

from ceramic_protocol import limits


def test_no_name_is_given_twice() -> None:
    tree = ast.parse(inspect.getsource(limits))
    names = Counter(
        node.target.id
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    )
    assert names
    assert [name for name, count in names.items() if count > 1] == []


def test_every_bound_says_what_it_is_for() -> None:
    body = ast.parse(inspect.getsource(limits)).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign):
            assert isinstance(after, ast.Expr), ast.unparse(node)
