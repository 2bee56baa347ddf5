"""Users, roles and API tokens in the Django admin, for SUPER_ADMINs alone."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Case, Count, Field, ManyToManyField, Model, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from opsmanager.accounts import api_tokens, super_admins
from opsmanager.accounts.models import ApiToken, Identity, User
from opsmanager.accounts.requests import user_of
from opsmanager.accounts.roles import ROLES
from opsmanager.common.admin_parts import PEOPLE, ReadOnly, asked, called, mark

ROLE_NAMES = tuple(role.name for role in ROLES)


class ForSuperAdmins:
    """Who may change users could give himself every right, so it takes the role itself."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the user sees this at all."""
        return _is_super_admin(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the user may look."""
        return _is_super_admin(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may add one."""
        return _is_super_admin(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the user may change it."""
        return _is_super_admin(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the user may delete it."""
        return _is_super_admin(request)


class ChangeForm(UserChangeForm):  # type: ignore[type-arg]
    """A user, of whom the last SUPER_ADMIN must stay one."""

    def clean(self) -> dict[str, Any]:
        """Refuse what would leave nobody who can give roles."""
        found: dict[str, Any] = super().clean() or {}
        groups = found.get("groups") or ()
        stays = found.get("is_active") and (
            found.get("is_superuser") or any(group.name == "SUPER_ADMIN" for group in groups)
        )
        was = User.objects.get(pk=self.instance.pk).is_super_admin
        if was and not stays and not super_admins.are_left_without([self.instance.pk]):
            raise ValidationError(super_admins.LAST, code="last_super_admin")
        return found


@admin.register(User)
class OpsManagerUserAdmin(ForSuperAdmins, UserAdmin[User]):
    """Users with their roles (groups)."""

    section, rank = PEOPLE, 10
    about = "People and programs that sign in, and which role each has."
    form = ChangeForm
    add_form = UserCreationForm
    list_display = ("username", "full_name", "role_name", "state", "last_login", "date_joined")
    list_filter = (
        ("groups", called("role")),
        ("is_active", called("whether they may sign in")),
        ("last_login", called("last login")),
    )
    search_fields = ("username", "first_name", "last_name", "email")
    search_help_text = "A name or an e-mail address"
    filter_horizontal = ("user_permissions",)
    fieldsets = (
        (None, {"fields": ("username", "password", "groups", "is_active")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        (
            "More rights",
            {
                "classes": ("collapse",),
                "description": "A role is usually enough.",
                "fields": ("is_superuser", "is_staff", "user_permissions"),
            },
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "password1", "password2", "groups"),
            },
        ),
        ("Person", {"classes": ("wide",), "fields": ("first_name", "last_name", "email")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return the users with their groups, which the role is read from."""
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="Name", ordering="last_name")
    def full_name(self, user: User) -> str:
        """The person's name."""
        return user.get_full_name()

    @admin.display(description="Role")
    def role_name(self, user: User) -> SafeString | str:
        """The user's highest role."""
        return user.role.name if user.role else mark("warn", "question", "No role: sees nothing")

    @admin.display(description="State", ordering="is_active")
    def state(self, user: User) -> SafeString:
        """Whether they may sign in."""
        if user.is_active:
            return mark("good", "circle-check", "May sign in")
        return mark("idle", "ban", "Switched off")

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Show the roles as boxes to tick."""
        if db_field.name == "groups":
            kwargs["widget"] = forms.CheckboxSelectMultiple
            ranks = [When(name=name, then=rank) for rank, name in enumerate(ROLE_NAMES)]
            rank = Case(*ranks, default=len(ranks))
            kwargs["queryset"] = Group.objects.order_by(rank, "name")
            field = super().formfield_for_manytomany(db_field, request, **kwargs)
            if field is not None:
                field.label = "Roles"
                field.help_text = "Of several roles, the user may do what any of them may."
            return field
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kw: Any
    ) -> Any:
        """Roles come with OpsManager: none is made up beside a user."""
        field = super().formfield_for_dbfield(db_field, request, **kw)
        if field is None:
            return None
        if db_field.name == "groups":
            field.widget.can_add_related = False
        elif db_field.name == "is_active":
            field.label = "May sign in"
            field.help_text = "Off, every session and token of theirs ends. History keeps the name."
        return field

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Protect the last SUPER_ADMIN, also from being deleted among others."""
        listed, counts, lacking, protected = super().get_deleted_objects(objs, request)
        users = [user for user in objs if isinstance(user, User)]
        if any(user.is_super_admin for user in users) and not super_admins.are_left_without(
            user.pk for user in users
        ):
            protected = [*protected, super_admins.LAST]
        return listed, counts, lacking, protected


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(ForSuperAdmins, GroupAdmin):
    """Roles: those of OpsManager keep their names, and stay."""

    section, rank = PEOPLE, 20
    rows_called = "Roles"
    about = "What each role may do. Those of OpsManager keep their names, and stay."
    list_display = ("name", "origin", "people")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Return the roles, each with how many people have it."""
        return super().get_queryset(request).annotate(people=Count("user"))

    @admin.display(description="Comes from")
    def origin(self, group: Group) -> str:
        """Whether it is one of OpsManager's own."""
        return "OpsManager" if group.name in ROLE_NAMES else "this organisation"

    @admin.display(description="People", ordering="people")
    def people(self, group: Group) -> int:
        """How many have it."""
        return int(group.people)  # type: ignore[attr-defined] # annotated above

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the group may be deleted."""
        is_role = isinstance(obj, Group) and obj.name in ROLE_NAMES
        return super().has_delete_permission(request, obj) and not is_role

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Protect the roles from being deleted among other groups."""
        listed, counts, lacking, protected = super().get_deleted_objects(objs, request)
        roles = [group.name for group in objs if group.name in ROLE_NAMES]
        return listed, counts, lacking, [*protected, *roles]

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> Any:
        """Return what can't be changed."""
        return ("name",) if obj is not None and obj.name in ROLE_NAMES else ()


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly, ForSuperAdmins, admin.ModelAdmin[ApiToken]):
    """API tokens of everybody, to look at and to revoke; each user makes their own."""

    section, rank = PEOPLE, 30
    about = "Tokens by which programs call the API. Each user makes their own; here one ends them."
    list_display = ("name", "start", "user", "state", "created_at", "expires_at", "last_used_at")
    list_filter = (
        ("revoked_at", called("when it was revoked")),
        ("expires_at", called("when it expires")),
        ("last_used_at", called("when it was used last")),
    )
    search_fields = ("name", "start", "user__username")
    search_help_text = "A token's name or beginning, or its user"
    list_select_related = ("user",)
    ordering = ("-created_at",)
    exclude = ("digest",)
    readonly_fields = ("state",)
    actions = ("revoke",)

    @admin.display(description="State")
    def state(self, token: ApiToken) -> SafeString:
        """Whether it lets a program in."""
        if token.revoked_at is not None:
            return mark("idle", "ban", "Revoked")
        if token.is_active:
            return mark("good", "circle-check", "Active")
        return mark("warn", "clock-x", "Expired")

    @admin.action(description="Revoke…")
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiToken]) -> HttpResponse | None:
        """Ask, then let the chosen tokens let nobody in any more."""
        page = asked(
            self,
            request,
            rows,
            question="Revoke these API tokens?",
            consequence="Programs that use one of them stop working at once. A token can't be "
            "brought back; its user makes a new one.",
            word="Revoke them",
        )
        if page is None:
            by = user_of(request)
            count = sum(api_tokens.revoke(token, by=by) for token in rows.select_related("user"))
            self.message_user(request, f"Revoked: {count}.")
        return page


@admin.register(Identity)
class IdentityAdmin(ForSuperAdmins, admin.ModelAdmin[Identity]):
    """Who users are at the provider of single sign-on; made at their first login, or here."""

    section, rank = PEOPLE, 20
    about = (
        "Who a user is at the provider of single sign-on. Add one to let a user who has a password "
        "sign in there; the provider's groups then say which roles they have."
    )
    list_display = ("user", "subject", "issuer", "created_at", "last_login_at")
    list_filter = (("last_login_at", called("last login")),)
    search_fields = ("user__username", "subject")
    search_help_text = "A user's name, or a subject"
    list_select_related = ("user",)
    ordering = ("user__username",)
    fields = ("user", "issuer", "subject")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """None is changed: it would hand one person's user to another. One is deleted, and made."""
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with the provider that there is."""
        return {"issuer": settings.OIDC_ISSUER, **super().get_changeform_initial_data(request)}


def _is_super_admin(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_super_admin
