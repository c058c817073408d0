"""Models, as `@ceramic-sdk/model-client` creates and reads them."""

from __future__ import annotations

import pytest

from ceramic_protocol.ids import METAMODEL
from tests.interop.sdk.sdk import LIST, SET, SINGLE, definition
from tests.interop.talking import Failed, Talk
from tests.support.node import RunningNode


@pytest.mark.parametrize("model", [LIST, SINGLE, SET], ids=["list", "single", "set"])
def test_a_model_is_there_when_it_has_been_created(sdk: Talk, model: dict[str, object]) -> None:
    stream = sdk.ask("createModel", definition=model, seed=1)
    # Without waiting, and without asking twice.
    assert sdk.ask("modelDefinition", model=stream) == model
    payload = sdk.ask("modelPayload", model=stream, seed=2)
    assert payload["data"] == model
    assert payload["controllers"] == [sdk.ask("did", seed=1)]
    assert payload["model"] == str(METAMODEL)
    assert sdk.ask("documentModel", stream=stream) == str(METAMODEL)
    assert sdk.ask("interest", model=stream) is None


def test_a_model_is_created_twice_without_harm(sdk: Talk) -> None:
    model = definition("Twice", {"type": "list"})
    assert sdk.ask("createModel", definition=model, seed=1) == sdk.ask(
        "createModel", definition=model, seed=1
    )


def test_a_model_that_breaks_the_rules_has_no_state(sdk: Talk) -> None:
    wrong = definition("Open", {"type": "list"}, additionalProperties=True)
    stream = sdk.ask("createModel", definition=wrong, seed=1)
    with pytest.raises(Failed, match="Failed to fetch stream state"):
        sdk.ask("modelDefinition", model=stream)


def test_a_model_is_not_changed(sdk: Talk, node: RunningNode) -> None:
    model = definition("Fixed", {"type": "list"})
    stream = sdk.ask("createModel", definition=model, seed=1)
    said = sdk.ask("updateModel", model=stream, content={**model, "description": "changed"}, seed=1)
    assert node.get(f"/ceramic/events/{said['commit']}").status == 200
    assert sdk.ask("modelDefinition", model=stream) == model
