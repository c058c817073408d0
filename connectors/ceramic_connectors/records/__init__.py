"""Records of the Kafka connectors as bytes, and back: Avro with a registry of schemas, JSON, CloudEvents.

`form` has the forms and what they promise, `ceramic_protocol.records` what a record has.
"""
