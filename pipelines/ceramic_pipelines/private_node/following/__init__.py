"""What goes on is followed into a source's node, by a process of its own, as long as the source runs.

`port` says what can be followed: a ceramic-one (`ceramic_one`) or topics of Kafka (`topics`). `filler` hands
in what they give, and keeps the place behind it.
"""
