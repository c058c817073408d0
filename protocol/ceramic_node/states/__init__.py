"""What follows from a node's events: verdicts, states and tips, kept up while events come."""
