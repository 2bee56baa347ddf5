"""The one signal that automation sends."""

from django.dispatch import Signal

execution_finished = Signal()
"""Sent, with ``execution``, in the transaction in which an execution becomes final."""
