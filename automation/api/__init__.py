"""The JSON API of automation."""
