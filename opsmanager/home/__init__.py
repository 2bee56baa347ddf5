"""The first page: what needs me now? And whether OpsManager itself is well."""
