"""Users and roles in the Django admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from opsmanager.accounts.models import User


@admin.register(User)
class OpsManagerUserAdmin(UserAdmin[User]):
    """Users with their roles (groups)."""

    list_display = ("username", "first_name", "last_name", "role_name", "is_active", "last_login")
    list_filter = ("is_active", "is_staff", "groups")

    @admin.display(description="Role")
    def role_name(self, user: User) -> str:
        """The user's highest role."""
        return user.role.name if user.role else ""
