"""The rules of Ceramic, without input or output."""
