"""Incidents: what is broken, what was tried, and what might help."""
