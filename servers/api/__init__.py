"""The JSON API of servers."""
