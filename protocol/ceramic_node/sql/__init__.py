"""The tables of a node in SQL, over Arrow Flight SQL, as clients of ceramic-one ask for them (api.md 3).

What is asked for lies in a mirror: a database of DuckDB that is kept up from the store of states, and can be
thrown away at any time. A query sees one moment of that store.
"""
