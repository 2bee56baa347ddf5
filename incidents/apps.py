"""Django's entry for incidents."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Incidents and their remediation."""

    name = "incidents"

    def ready(self) -> None:
        """Listen for what is launched for an incident, and for its end."""
        from automation import signals  # after all models are ready
        from incidents import receivers

        signals.incident_named.connect(
            receivers.look_for_incident, dispatch_uid="incidents.look_for_incident"
        )
        signals.execution_launched.connect(
            receivers.note_launch, dispatch_uid="incidents.note_launch"
        )
        signals.execution_finished.connect(
            receivers.note_execution, dispatch_uid="incidents.note_execution"
        )
        signals.execution_finished.connect(receivers.take_end, dispatch_uid="incidents.take_end")
        signals.workflow_run_started.connect(
            receivers.note_run_start, dispatch_uid="incidents.note_run_start"
        )
        signals.workflow_run_finished.connect(
            receivers.take_run_end, dispatch_uid="incidents.take_run_end"
        )
