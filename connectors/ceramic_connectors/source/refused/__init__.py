"""What was refused on its way into a node that is filled for a source: kept, and read as a feed.

A node keeps nothing that it refuses and tells only whoever hands it in; the source makes dead letters of it.
"""
