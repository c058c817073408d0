"""The port to Kafka on confluent-kafka, which is librdkafka, a library in C: more records at less cost."""
