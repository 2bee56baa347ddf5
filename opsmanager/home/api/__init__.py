"""The endpoints that are about everything."""
