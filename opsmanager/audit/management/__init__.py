"""The commands of the audit trail."""
