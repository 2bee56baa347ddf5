"""The one signal that automation sends."""

from django.dispatch import Signal

execution_finished = Signal()
"""Sent, with ``execution``, after an execution became final and that was committed."""
