"""States kept up in a process of their own, so that neither they nor requests wait for each other's turn."""
