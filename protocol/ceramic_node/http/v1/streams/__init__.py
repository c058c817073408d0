"""Streams: their states now and then, their logs and forks, writing on a tip that was seen."""
