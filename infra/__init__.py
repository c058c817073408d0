"""What runs beside the project: services for tests and for developers."""
