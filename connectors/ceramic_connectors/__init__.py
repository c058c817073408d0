"""What lies around the rules: sources of events, tables, and folders that are written whole or not at all."""
