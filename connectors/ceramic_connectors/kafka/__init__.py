"""Kafka behind ports of our own: transactional producer, consumer of what was committed, administration.

`opening.open_kafka` gives a client; `port` says what it promises. The library is imported where it is used.
"""
