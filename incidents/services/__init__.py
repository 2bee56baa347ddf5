"""Writes of incidents: checked, audited, each with its line in the timeline."""
