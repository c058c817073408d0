"""The port to Kafka on kafka-python, a library in Python alone."""
