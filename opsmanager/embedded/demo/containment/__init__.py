"""Worlds of their own for demo servers: Linux namespaces, without root and without any tool."""
