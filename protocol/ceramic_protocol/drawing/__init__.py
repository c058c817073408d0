"""A stream's tree as text, chart, picture and JSON."""
