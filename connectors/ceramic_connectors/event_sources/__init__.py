"""Sources of events that are no archives: nodes, topics of Kafka, Parquet files."""
