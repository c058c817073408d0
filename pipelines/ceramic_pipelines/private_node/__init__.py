"""A node that a Kafka source runs for itself, where what it reads is no node of ours.

Streams are resolved in one place, a node. So events from files or topics, and those of a ceramic-one whose
states are wanted, go into a node that nobody else can write to, and the source reads that. It lives in the
source's work folder, which stays from one start to the next, as positions belong to it.
"""
