"""Running a node as a process: its stores, doors and signals, as its configuration says."""
