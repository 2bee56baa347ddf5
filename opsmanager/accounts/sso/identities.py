"""Which user a person is, and which roles they have from now on.

A person is known by the provider's address and their subject there, and by nothing else. The groups
are the truth about the roles: a role that no group gives is taken away at the next login.
"""

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from opsmanager.accounts import super_admins
from opsmanager.accounts.models import Identity, User
from opsmanager.accounts.roles import ROLES
from opsmanager.accounts.sso.errors import Refused
from opsmanager.accounts.sso.person import Person

_SUPER_ADMIN = ROLES[0].name


def user_for(person: Person) -> User:
    """Return the user that the person is, made at their first login, with today's roles.

    Raises :class:`Refused`. Who has no group any more is refused and loses the roles as well, and
    with them every session and token that lives on.
    """
    identity = (
        Identity.objects.select_related("user")
        .filter(issuer=person.issuer, subject=person.subject)
        .first()
    )
    if identity is None:
        return _made(person)
    user = identity.user
    if not user.is_active:
        raise Refused(
            "The user is switched off.",
            "Your user in OpsManager is switched off. Ask an administrator of OpsManager.",
        )
    _set_roles(user, person.roles)
    if not person.roles:
        raise _without_role(person)
    Identity.objects.filter(pk=identity.pk).update(last_login_at=timezone.now())
    return User.objects.get(pk=user.pk)


def governed() -> frozenset[str]:
    """Return the roles that groups give and take.

    SUPER_ADMIN, who can give every right, is given and taken by hand, unless the mapping names it.
    """
    names = {role.name for role in ROLES}
    mapped = {role for roles in settings.OIDC_ROLES.values() for role in roles}
    return frozenset(names if _SUPER_ADMIN in mapped else names - {_SUPER_ADMIN})


def _made(person: Person) -> User:
    if not person.roles:
        raise _without_role(person)
    username = User.normalize_username(person.username)
    user = User(
        username=username,
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email,
    )
    user.set_unusable_password()
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as problem:
        fields = ", ".join(sorted(problem.message_dict))
        raise Refused(
            f"The provider's {fields} can't be a user's.",
            f"Your provider says of you what can't be kept here ({fields}). Ask whoever runs it "
            "for a user name of letters, digits and @ . + - _ alone.",
        ) from None
    try:
        with transaction.atomic():
            if User.objects.filter(username__iexact=username).exists():
                raise _taken(person, username)
            user.save()
            Identity.objects.create(
                user=user,
                issuer=person.issuer,
                subject=person.subject,
                last_login_at=timezone.now(),
            )
            _set_roles(user, person.roles)
    except IntegrityError:
        raise Refused(
            "The same user was made at the same moment.",
            "Somebody signed in at the same moment as you, with your name. Try again.",
        ) from None
    return User.objects.get(pk=user.pk)


def _set_roles(user: User, wanted: frozenset[str]) -> None:
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        has = set(user.groups.filter(name__in=governed()).values_list("name", flat=True))
        taken = has - wanted
        if _SUPER_ADMIN in taken and not super_admins.are_left_without([user.pk]):
            # Else nobody could give roles any more; whoever has it gives it up by hand.
            taken.discard(_SUPER_ADMIN)
        if taken:
            user.groups.remove(*Group.objects.filter(name__in=taken))
        if wanted - has:
            user.groups.add(*Group.objects.filter(name__in=wanted - has))


def _without_role(person: Person) -> Refused:
    return Refused(
        f"None of the {len(person.groups)} groups gives a role.",
        "None of your groups gives you a role in OpsManager. Ask whoever runs your provider to put "
        "you into the group of your team, then sign in again.",
    )


def _taken(person: Person, username: str) -> Refused:
    return Refused(
        "There is a user of this name who was never linked to the provider.",
        f"There is a user {username} in OpsManager already, who signs in with a password. To make "
        "sure that nobody takes over another's user, an administrator has to link the two: in the "
        "administration, under Identities, for this user and the subject "
        f"{person.subject}.",
    )
