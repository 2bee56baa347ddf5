"""Puts our own site in place of the Django admin's."""

from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    """The Django admin behind our own login."""

    default_site = "opsmanager.accounts.admin_site.AdminSite"
