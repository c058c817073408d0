"""Apache Beam transforms: read, verify, resolve and write Ceramic events in Arrow record batches."""
