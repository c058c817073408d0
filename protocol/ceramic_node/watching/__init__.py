"""What can be seen of a node while it runs: figures, logs, traces, and a page."""
