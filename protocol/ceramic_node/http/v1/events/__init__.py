"""Handing events in, and asking for one."""
