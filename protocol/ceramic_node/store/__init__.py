"""Stores of events behind the port `ceramic_protocol.ports.EventStore`."""
