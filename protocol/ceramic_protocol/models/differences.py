"""Where our rules for models differ from js-ceramic's on purpose, by name.

Everything else is meant to be the same, and is compared with js-ceramic's packages in the tests.
"""

from __future__ import annotations

from typing import Final

DIFFERENCES: Final = {
    "immutable-values": (
        "an immutable field keeps its value; JS and ceramic-one look at the paths of operations only, and "
        "let through a replacement of the whole document and a move away from the field"
    ),
    "unknown-streams": (
        "a model, interface or linked document that hasn't been seen makes a verdict pending; JS fails"
    ),
    "linked-header": (
        "of a linked document its init header counts, whatever happened to it since; JS loads the document"
    ),
    "stream-id-text": (
        "a StreamID is the whole text; JS finds one anywhere in it. Identifiers are compared, not texts"
    ),
    "large-integers": (
        "a whole number beyond 2^53 - 1 is refused anywhere in a schema or a content; JS holds it as a "
        "BigInt, which is no number to its validator and can't be stored"
    ),
    "lookaround": (
        "a regular expression that looks ahead, other than right after ^, or behind, or refers back to a "
        "group, makes a schema unusable: its time can't be bounded. JS runs it"
    ),
    "format-regex": "format regex makes a schema unusable; JS asks its own engine",
    "dynamic-references": "$dynamicRef, $dynamicAnchor and their predecessors make a schema unusable",
    "names-in-schemas": (
        "a reference is a JSON pointer within the schema; by $id, JS also follows it into other models' "
        "schemas that a node happens to have loaded, and fails where two of them have the same $id"
    ),
    "async": "$async makes a schema unusable; in JS every document fits such a schema",
    "endless-references": (
        "schemas that refer to one another without end make the whole unusable; JS fails for documents that "
        "reach them"
    ),
    "matching-patterns": (
        "whether a property matches a pattern of patternProperties, which strict mode forbids, is asked by "
        "the same rules as for documents; JS leaves Unicode out there"
    ),
    "unevaluated": (
        "unevaluatedProperties and unevaluatedItems beside conditions and dependentSchemas follow the "
        "specification; ajv forgets what it has seen, or crashes"
    ),
    "prototype-names": (
        "a property is there if the document has it; in JS every document has constructor and toString"
    ),
    "bounds": "schemas and documents that take too much work are refused; see limits; JS tries",
}
"""What differs, and from what."""
