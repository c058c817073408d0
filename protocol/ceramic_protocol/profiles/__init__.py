"""Whose rules on accounts apply: ours, or those of a reference implementation with its defects."""
