"""The API of incidents and of the sources of alerts."""
