"""The one signal that automation sends."""

from django.dispatch import Signal

execution_finished = Signal()
"""Sent, with ``execution``, in the transaction in which an execution gets a final status.

That is at its end, and again when it was rolled back or its UNKNOWN end was found or decided.
"""
