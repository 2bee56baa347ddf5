"""The trail in the API."""
