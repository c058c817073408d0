"""A node's parts: what lasts, what listens, what is sent. The rules themselves are `ceramic_protocol`'s."""
