"""What a node is to hold: interests, the events from elsewhere that they let in, and what may be pruned."""
