"""Handing the events of a source to a node: to one that runs, or into the store of one that doesn't."""
