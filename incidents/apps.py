"""Django's entry for incidents."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Incidents and their remediation."""

    name = "incidents"

    def ready(self) -> None:
        """Listen for the end of executions that an incident started."""
        from automation.signals import execution_finished  # after all models are ready
        from incidents.receivers import note_execution

        execution_finished.connect(note_execution, dispatch_uid="incidents.note_execution")
