"""Joins the engine, the database and SSH: claim, lease, journal, transport, reaper.

It never imports services: they ask for executions, this runs them.
"""
