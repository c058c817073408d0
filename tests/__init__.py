"""Tests of ceramic-streams; the folders mirror the packages."""
