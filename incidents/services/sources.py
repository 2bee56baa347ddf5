"""Sources of alerts: made, changed, given new tokens and secrets, deleted; each audited."""

import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from incidents.models import Source
from incidents.services import proofs
from incidents.sources import generic
from incidents.sources.alert import Alert
from incidents.sources.reading import Malformed
from incidents.sources.registry import FORMS, SIGNATURE, TOKEN, Form
from opsmanager.accounts import permissions, roles, token_text
from opsmanager.accounts.models import User
from opsmanager.audit import trail
from opsmanager.common import locked, secrets_in_use
from opsmanager.common.locked import SecretLocked
from opsmanager.common.problems import Conflict, Invalid
from opsmanager.common.signatures import SHORTEST_SECRET

LONGEST_SECRET: Final = 200
RESERVED: Final = ("manual",)
"""Slugs that mean something else where an incident names its source."""
MAY_NOT: Final = "Only administrators may change where alerts come from. Ask one of them."


@dataclass(frozen=True, kw_only=True)
class Made:
    """A source, with its new token or secret: the one time that it is shown."""

    source: Source
    token: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)


def create(
    *,
    actor: User,
    name: str,
    slug: str,
    kind: str,
    proof: str = "",
    secret: str = "",
    mapping: dict[str, Any] | None = None,
    grace_minutes: int = 5,
) -> Made:
    """Make a source, with a token, or with the secret that it signs with.

    ``proof`` is ``token`` or ``signature``, by default what is usual for the kind. Who sends with a
    secret of its own (PagerDuty) may give it now or by :func:`rotate`. Raises :class:`Invalid`, and
    :class:`Conflict` for a name or slug that is taken.
    """
    permissions.require(actor, roles.MANAGE_SOURCES, MAY_NOT)
    form = FORMS.get(kind)
    if form is None:
        raise _invalid(kind=[f"Use one of: {', '.join(FORMS)}."])
    proof = proof or form.proofs[0]
    if proof not in form.proofs:
        raise _invalid(proof=[f"{form.title} proves who it is by {' or '.join(form.proofs)}."])
    if secret and proof == TOKEN:
        raise _invalid(secret=["It sends a token, which is made here. Leave the secret out."])
    row = Source(
        name=secrets_in_use.masked(name.strip()),
        slug=slug,
        kind=kind,
        mapping=_mapping(form, mapping),
        grace_minutes=grace_minutes,
        created_by=actor,
    )
    _check(row)
    made = _renewed(row, form, proof, secret, is_new=True)
    with transaction.atomic():
        _save(row)
        trail.record(
            "INCIDENT_SOURCE_CREATED", actor=actor, target=row, kind=kind, slug=slug, proof=proof
        )
    row.refresh_from_db()
    return made


@transaction.atomic
def change(*, actor: User, source: Source, **fields: Any) -> Source:
    """Change name, mapping, grace_minutes or is_active of a source.

    Raises :class:`Invalid` and :class:`Conflict`.
    """
    permissions.require(actor, roles.MANAGE_SOURCES, MAY_NOT)
    row = Source.objects.select_for_update().get(pk=source.pk)
    if "mapping" in fields:
        fields["mapping"] = _mapping(FORMS[row.kind], fields["mapping"])
    if "name" in fields:
        fields["name"] = secrets_in_use.masked(fields["name"].strip())
    changed = {name: value for name, value in fields.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        _check(row)
        _save(row)
        trail.record("INCIDENT_SOURCE_UPDATED", actor=actor, target=row, changed=changed)
    return row


@transaction.atomic
def rotate(*, actor: User, source: Source, secret: str = "") -> Made:
    """Give a source a new token or secret. The one before stays good until :func:`end_previous`.

    Raises :class:`Invalid`.
    """
    permissions.require(actor, roles.MANAGE_SOURCES, MAY_NOT)
    row = Source.objects.select_for_update().get(pk=source.pk)
    proof = SIGNATURE if row.signs else TOKEN
    if secret and proof == TOKEN:
        raise _invalid(secret=["It sends a token, which is made here. Leave the secret out."])
    made = _renewed(row, FORMS[row.kind], proof, secret, is_new=False)
    row.save()
    trail.record("INCIDENT_SOURCE_ROTATED", actor=actor, target=row, proof=proof)
    return made


@transaction.atomic
def end_previous(*, actor: User, source: Source) -> Source:
    """Refuse the token or secret before the present one from now on."""
    permissions.require(actor, roles.MANAGE_SOURCES, MAY_NOT)
    row = Source.objects.select_for_update().get(pk=source.pk)
    if row.has_previous:
        row.previous_token_digest = row.locked_previous_secret = ""
        row.save()
        trail.record("INCIDENT_SOURCE_PREVIOUS_ENDED", actor=actor, target=row)
    return row


@transaction.atomic
def delete(*, actor: User, source: Source) -> None:
    """Delete a source and what waits of it; its incidents stay."""
    permissions.require(actor, roles.MANAGE_SOURCES, MAY_NOT)
    trail.record("INCIDENT_SOURCE_DELETED", actor=actor, target=source, slug=source.slug)
    source.delete()


def tried(*, actor: User, kind: str, mapping: dict[str, Any], payload: Any) -> list[Alert]:
    """Return the alerts that a body makes; nothing is kept. Raises :class:`Invalid`."""
    permissions.require(actor, roles.MANAGE_SOURCES, MAY_NOT)
    form = FORMS.get(kind)
    if form is None:
        raise _invalid(kind=[f"Use one of: {', '.join(FORMS)}."])
    try:
        return form.alerts_of(payload, _mapping(form, mapping))
    except Malformed as problem:
        raise Invalid(str(problem), details={"payload": [str(problem)]}) from problem


def _renewed(row: Source, form: Form, proof: str, secret: str, *, is_new: bool) -> Made:
    """Put a new token or secret into the row, not saved, and what it had behind it."""
    if proof == TOKEN:
        token = token_text.make()
        row.previous_token_digest = row.token_digest
        row.token_digest, row.token_start = token_text.digest(token), token_text.start(token)
        return Made(source=row, token=token)
    if form.brings_secret and not secret:
        if is_new:
            return Made(source=row)
        raise _invalid(secret=[f"Enter the secret that {form.title} showed."])
    if secret and not SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET:
        raise _invalid(
            secret=[f"Use a secret of {SHORTEST_SECRET} to {LONGEST_SECRET} characters."]
        )
    value = secret or secrets.token_urlsafe(32)
    secrets_in_use.remember([value])
    row.locked_previous_secret = _moved(row)
    row.locked_secret = locked.lock(value, purpose=proofs.purpose(row, proofs.CURRENT))
    return Made(source=row, secret="" if secret else value)


def _moved(row: Source) -> str:
    """Return the present secret locked as the one before; what is locked is bound to its place."""
    if not row.locked_secret:
        return ""
    try:
        before = locked.unlock(row.locked_secret, purpose=proofs.purpose(row, proofs.CURRENT))
    except SecretLocked:
        return ""  # nothing could be proven by it anyway
    return locked.lock(before, purpose=proofs.purpose(row, proofs.PREVIOUS))


def _mapping(form: Form, mapping: dict[str, Any] | None) -> dict[str, str]:
    given = {name: value for name, value in (mapping or {}).items() if value != ""}
    if not given:
        return {}
    wrong = (
        generic.mistakes(given)
        if form.is_mapped
        else [f"{form.title} has a form of its own and needs no mapping. Leave it out."]
    )
    if wrong:
        raise _invalid(mapping=wrong)
    return given


def _check(row: Source) -> None:
    wrong = {"slug": ["This word means incidents that people open. Use another."]}
    if row.slug in RESERVED:
        raise _invalid(**wrong)
    try:
        row.clean_fields()
    except ValidationError as problem:
        names = {"grace_minutes": "graceMinutes"}
        found = {names.get(name, name): said for name, said in problem.message_dict.items()}
        raise _invalid(**found) from problem


def _save(row: Source) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as problem:
        name = "slug" if "slug" in str(problem.__cause__) else "name"
        sentence = f"Another source has this {name}. Use another."
        raise Conflict(f"{name}: {sentence}", details={name: [sentence]}) from problem


def _invalid(**details: list[str]) -> Invalid:
    name, (first, *_) = next(iter(details.items()))
    return Invalid(f"{name}: {first}", details=details)
