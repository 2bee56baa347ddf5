"""Who may take care of an incident."""

from django.db.models import Q, QuerySet

from opsmanager.accounts import roles
from opsmanager.accounts.models import User
from opsmanager.common.problems import Invalid


def who_may_manage() -> QuerySet[User]:
    """Return the users whose role lets them manage incidents, by name."""
    label, _, codename = roles.MANAGE_INCIDENTS.partition(".")
    of_role = Q(groups__permissions__codename=codename)
    of_role &= Q(groups__permissions__content_type__app_label=label)
    found = User.objects.filter(of_role).values("pk")
    may = Q(is_superuser=True) | Q(pk__in=found)
    return User.objects.filter(may, is_active=True).order_by("username")


def named(username: str) -> User:
    """Return who may manage incidents and is called so. Raises :class:`Invalid`."""
    user = who_may_manage().filter(username=username).first()
    if user is None:
        said = "Nobody of this name may manage incidents. Choose somebody whose role lets them."
        raise Invalid(said, details={"assignedTo": [said]})
    return user
