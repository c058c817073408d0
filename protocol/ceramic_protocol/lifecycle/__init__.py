"""The life of streams: create, update, read, query and sync, as calls over a store of events.

What is written goes the way of what is received: it is built, decoded, checked and evaluated within its
stream, and kept only if it is valid there and becomes the tip. Time, keys, chains and other nodes come in as
ports.
"""
