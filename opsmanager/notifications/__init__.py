"""Telling people outside OpsManager what happened, through Apprise."""
