"""Runbooks and their executions: the engine, the library, the runner and the edges."""
