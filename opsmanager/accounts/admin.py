"""Users and roles in the Django admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from opsmanager.accounts.models import User


@admin.register(User)
class OpsManagerUserAdmin(UserAdmin[User]):
    """Users with their roles (groups)."""

    list_display = ("username", "first_name", "last_name", "role_name", "is_active", "last_login")
    list_filter = ("is_active", "is_staff", "groups")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return the users with their groups, which the role is read from."""
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="Role")
    def role_name(self, user: User) -> str:
        """The user's highest role."""
        return user.role.name if user.role else ""
