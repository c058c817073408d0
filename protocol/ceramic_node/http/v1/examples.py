"""Examples in the document, in the order in which they are tried; the first one brings what they speak of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson

from ceramic_node.http.v1.api.operations import Example

MODEL: Final = "kjzl6hvfrbw6c6zmhx3mfybrccfkqb1qrsqh5046dqj2oh76dddgcqj851jkgd5"
"""A model of notes."""

NOTE: Final = "kjzl6kcym7w8y8im95vi0154skdyurkf5lz08tgf2tt55dhljpqjxidykt0dqro"
"""A note of that model."""

NOTE_INIT: Final = "bagcqcerashioberywpaclbbgwy6uiceg7kbtspaje4dhafopx32q4t5fdtca"
"""The note's init event."""

NOTE_UPDATE: Final = "bagcqcerarjm3gxrpfn5orrn4zsfb2rpogsx4tw4f36w7exwypaejb7egcaaq"
"""An update of the note."""

CONTROLLER: Final = "did:key:z6MkigjnFK3pgYLdERx3po9zWJnxzm1baNgR6hknPyPxxUwF"
"""Whose note it is."""

MODEL_CAR: Final = (
    "mO6Jlcm9vdHOB2CpYJgABhQESIE9Jt3RxXeEQyB6g32vltP0VtQxQ+aeBw5+LrJOmeHbZZ3ZlcnNpb24BlgIBcRIgjB8JmPx"
    "m1GcOzxnp6IMuNAS3RYj0ttl/s8TB3lxUjHaiZGRhdGGkZG5hbWVkTm90ZWZzY2hlbWGjZHR5cGVmb2JqZWN0anByb3BlcnR"
    "pZXOhZHRleHShZHR5cGVmc3RyaW5ndGFkZGl0aW9uYWxQcm9wZXJ0aWVz9Gd2ZXJzaW9uYzEuMG9hY2NvdW50UmVsYXRpb26"
    "hZHR5cGVkbGlzdGZoZWFkZXKjY3NlcGVtb2RlbGVtb2RlbFLOAQQBcXELAAlobW9kZWwtdjFrY29udHJvbGxlcnOBeDhkaWQ"
    "6a2V5Ono2TWtpZ2puRkszcGdZTGRFUngzcG85eldKbnh6bTFiYU5nUjZoa25QeVB4eFV3RroCAYUBEiBPSbd0cV3hEMgeoN9"
    "r5bT9FbUMUPmngcOfi6yTpnh22aJncGF5bG9hZFgkAXESIIwfCZj8ZtRnDs8Z6eiDLjQEt0WI9LbZf7PEwd5cVIx2anNpZ25"
    "hdHVyZXOBomlwcm90ZWN0ZWRYgXsiYWxnIjoiRWREU0EiLCJraWQiOiJkaWQ6a2V5Ono2TWtpZ2puRkszcGdZTGRFUngzcG8"
    "5eldKbnh6bTFiYU5nUjZoa25QeVB4eFV3RiN6Nk1raWdqbkZLM3BnWUxkRVJ4M3BvOXpXSm54em0xYmFOZ1I2aGtuUHlQeHh"
    "Vd0YifWlzaWduYXR1cmVYQJrkaVaNcMJ3wD9JEjlENT3y5Jrta/Y5ENOHPEcv0kKVC9e3QFWZIy+ZNfSL1KrubG6eLKsmXIX"
    "ikgqwsDABKwM"
)
NOTE_CAR: Final = (
    "mO6Jlcm9vdHOB2CpYJgABhQESIJHQ4JI4s8AlhCa2PUQIhvqDOTwJJwZwFc++9Q5PpRzEZ3ZlcnNpb24B0wEBcRIgI4y8cys"
    "PYZGJUFHm/z/x7VzHTG94xNpqpZWHm4gkqG+iZGRhdGGhZHRleHRlZmlyc3RmaGVhZGVypGNzZXBlbW9kZWxlbW9kZWxYKM4"
    "BAgGFARIgT0m3dHFd4RDIHqDfa+W0/RW1DFD5p4HDn4usk6Z4dtlmdW5pcXVlTGV4YW1wbGUgbm90ZWtjb250cm9sbGVyc4F"
    "4OGRpZDprZXk6ejZNa2lnam5GSzNwZ1lMZEVSeDNwbzl6V0pueHptMWJhTmdSNmhrblB5UHh4VXdGugIBhQESIJHQ4JI4s8A"
    "lhCa2PUQIhvqDOTwJJwZwFc++9Q5PpRzEomdwYXlsb2FkWCQBcRIgI4y8cysPYZGJUFHm/z/x7VzHTG94xNpqpZWHm4gkqG9"
    "qc2lnbmF0dXJlc4GiaXByb3RlY3RlZFiBeyJhbGciOiJFZERTQSIsImtpZCI6ImRpZDprZXk6ejZNa2lnam5GSzNwZ1lMZEV"
    "SeDNwbzl6V0pueHptMWJhTmdSNmhrblB5UHh4VXdGI3o2TWtpZ2puRkszcGdZTGRFUngzcG85eldKbnh6bTFiYU5nUjZoa25"
    "QeVB4eFV3RiJ9aXNpZ25hdHVyZVhAXc/rEA5/pk/t0wad1Uo29gaEL8VnpxDE3EqwHz9+nf6XKWbhrCQq5hSCJiGrePlj7RI"
    "TO8zH5loW4kvL6fwjDw"
)
UPDATE_CAR: Final = (
    "mO6Jlcm9vdHOB2CpYJgABhQESIIpZs14vK3roxbzMih1F7jSvyduF363yXth4CJD8hhABZ3ZlcnNpb24BqwEBcRIg1QPOhSJ"
    "a2zbn1A3rqfPGTz7Ioxc5akR+wjyjJHruvHGjYmlk2CpYJgABhQESIJHQ4JI4s8AlhCa2PUQIhvqDOTwJJwZwFc++9Q5PpRz"
    "EZGRhdGGBo2JvcGdyZXBsYWNlZHBhdGhlL3RleHRldmFsdWVmc2Vjb25kZHByZXbYKlgmAAGFARIgkdDgkjizwCWEJrY9RAi"
    "G+oM5PAknBnAVz771Dk+lHMS6AgGFARIgilmzXi8reujFvMyKHUXuNK/J24XfrfJe2HgIkPyGEAGiZ3BheWxvYWRYJAFxEiD"
    "VA86FIlrbNufUDeup88ZPPsijFzlqRH7CPKMkeu68cWpzaWduYXR1cmVzgaJpcHJvdGVjdGVkWIF7ImFsZyI6IkVkRFNBIiw"
    "ia2lkIjoiZGlkOmtleTp6Nk1raWdqbkZLM3BnWUxkRVJ4M3BvOXpXSm54em0xYmFOZ1I2aGtuUHlQeHhVd0YjejZNa2lnam5"
    "GSzNwZ1lMZEVSeDNwbzl6V0pueHptMWJhTmdSNmhrblB5UHh4VXdGIn1pc2lnbmF0dXJlWEBWglEh7clg//34Np3DUtuKNnx"
    "ml0fGiBvQX/wN3JeOFBnrkZhGFrIgw89PDvqKh3kquhoS4Y2TqnAgdnw0o5cC"
)
SECOND_UPDATE_CAR: Final = (
    "mO6Jlcm9vdHOB2CpYJgABhQESIP6HYUkRbXQpHdhDsMjYK5rD8IfJNGQsnvT7Fj1I6EUzZ3ZlcnNpb24BqgEBcRIgE4jsMog"
    "3Ptt5fRmhCOQwuBmFmh0NShk+LE9Td2QPDcyjYmlk2CpYJgABhQESIJHQ4JI4s8AlhCa2PUQIhvqDOTwJJwZwFc++9Q5PpRz"
    "EZGRhdGGBo2JvcGdyZXBsYWNlZHBhdGhlL3RleHRldmFsdWVldGhpcmRkcHJldtgqWCYAAYUBEiCKWbNeLyt66MW8zIodRe4"
    "0r8nbhd+t8l7YeAiQ/IYQAboCAYUBEiD+h2FJEW10KR3YQ7DI2Cuaw/CHyTRkLJ70+xY9SOhFM6JncGF5bG9hZFgkAXESIBO"
    "I7DKINz7beX0ZoQjkMLgZhZodDUoZPixPU3dkDw3ManNpZ25hdHVyZXOBomlwcm90ZWN0ZWRYgXsiYWxnIjoiRWREU0EiLCJ"
    "raWQiOiJkaWQ6a2V5Ono2TWtpZ2puRkszcGdZTGRFUngzcG85eldKbnh6bTFiYU5nUjZoa25QeVB4eFV3RiN6Nk1raWdqbkZ"
    "LM3BnWUxkRVJ4M3BvOXpXSm54em0xYmFOZ1I2aGtuUHlQeHhVd0YifWlzaWduYXR1cmVYQCxPQDxVY7w6HS4d6vtPyxCYG7G"
    "cWekv9/4rdgcECoYcSyorUKR6P6aEVJH02XeaID130EaFIfIZEWCz8fHCuwo"
)

_JSON: Final = "application/json"
_OF_NOTE: Final = {"stream": NOTE}
_SHORT: Final = "0.2"

EXAMPLES: Final[Mapping[str, tuple[Example, ...]]] = {
    "postEvents": (
        Example(
            "A model, a note of that model, and an update of the note.",
            body=orjson.dumps({"cars": [MODEL_CAR, NOTE_CAR, UPDATE_CAR]}),
            media_type=_JSON,
        ),
        Example(
            "The same, line by line.",
            body=b"".join(orjson.dumps({"car": car}) + b"\n" for car in (MODEL_CAR, NOTE_CAR, UPDATE_CAR)),
            media_type="application/x-ndjson",
        ),
    ),
    "writeOnTip": (
        Example(
            "Another update, if the note still is as the writer has seen it.",
            path=_OF_NOTE,
            query={"expected_tip": NOTE_UPDATE},
            body=orjson.dumps({"car": SECOND_UPDATE_CAR}),
            media_type=_JSON,
        ),
    ),
    "getEvent": (Example("The update.", path={"cid": NOTE_UPDATE}),),
    "getFeed": (
        Example("Events of notes.", query={"model": MODEL, "includeData": "payload", "limit": "10"}),
        Example(
            "What has come since a day, if anything comes within a moment.",
            query={"since": "now", "wait": _SHORT},
        ),
    ),
    "followFeed": (Example("Events of notes, for a moment.", query={"model": MODEL, "seconds": _SHORT}),),
    "getChanges": (Example("Changes of the note.", query={"stream": NOTE, "includeData": "state"}),),
    "followChanges": (Example("Changes of notes, for a moment.", query={"model": MODEL, "seconds": _SHORT}),),
    "listStreams": (
        Example(
            "Notes of an account.", query={"model": MODEL, "controller": CONTROLLER, "includeData": "state"}
        ),
    ),
    "getStream": (
        Example("The note as it is.", path=_OF_NOTE),
        Example(
            "The note as anchors prove it of a day.", path=_OF_NOTE, query={"at": "2026-01-01T00:00:00Z"}
        ),
    ),
    "getContent": (Example("What the note says.", path=_OF_NOTE),),
    "getLog": (Example("The note's events.", path=_OF_NOTE),),
    "getTips": (Example("Where the note ends.", path=_OF_NOTE),),
    "explainStream": (
        Example("Why the note is as it is.", path=_OF_NOTE),
        Example("The same as a picture.", path=_OF_NOTE, query={"format": "svg"}),
    ),
    "listModels": (Example("Models of that name.", query={"name": "Note"}),),
    "makeTicket": (Example("A ticket for a feed."),),
    "getInfo": (Example("The node."),),
}
"""By the names of operations."""
