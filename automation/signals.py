"""The signals that automation sends: how incidents, of which it knows nothing, hear of executions.

Each is sent in the transaction of what it tells of; a receiver that raises undoes that.
"""

from django.dispatch import Signal

incident_named = Signal()
"""Sent, with ``actor`` and ``incident_id``, when a person launches something for an incident.

A receiver raises a :class:`~opsmanager.common.problems.Problem` where there is none for them.
"""

execution_launched = Signal()
"""Sent, with ``execution`` and ``actor`` (as the audit trail has it), of one for an incident."""

approval_decided = Signal()
"""Sent, with ``approval``, of one for a step of a workflow: people have decided, or its time is up.

The sender holds the run's row, then the approval's. What is withdrawn is not told.
"""

workflow_run_started = Signal()
"""Sent, with ``run`` and ``actor``, of one for an incident that begins, or that goes on again."""

workflow_run_finished = Signal()
"""Sent, with ``run``, in the transaction in which the run of a workflow ends; again, when one that
went on ends again.
"""

execution_finished = Signal()
"""Sent, with ``execution``, in the transaction in which an execution gets a final status.

That is at its end, and again when it was rolled back or its UNKNOWN end was found or decided.
"""
