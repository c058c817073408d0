"""A node's doors for HTTP: ceramic-one's API, what js-ceramic's applications read, and our own."""
