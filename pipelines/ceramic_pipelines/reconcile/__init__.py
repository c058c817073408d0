"""What one side has and the other lacks, and bringing it there."""
