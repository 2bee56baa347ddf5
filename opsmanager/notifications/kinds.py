"""The services that a channel may lead to, by name: each a module of Apprise, none found by itself.

Apprise knows some 130 more, among them some that run programs, write to this machine or load files.
Only what stands here is ever imported.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A service, and how its address is written."""

    title: str
    """What people call it."""
    schemes: tuple[str, ...]
    module: str
    """Below ``apprise.plugins``."""
    name: str
    """The class in it."""
    example: str
    advice: str
    """Where the parts of the address come from."""
    names_host: bool = False
    """Whether the address says which machine is called; else the service's own is."""


KINDS: Final = (
    Kind(
        title="Mail",
        schemes=("mailto", "mailtos"),
        module="email",
        name="NotifyEmail",
        example="mailtos://user:password@example.com?smtp=mail.example.com&to=noc@example.com",
        advice="The user and password of the mail server, which smtp= names, and who gets it. "
        "mailto:// is without TLS.",
        names_host=True,
    ),
    Kind(
        title="Slack",
        schemes=("slack",),
        module="slack",
        name="NotifySlack",
        example="slack://TokenA/TokenB/TokenC/#noc",
        advice="The three parts at the end of an incoming webhook's address, and the channel.",
    ),
    Kind(
        title="Microsoft Teams",
        schemes=("workflow", "workflows"),
        module="workflows",
        name="NotifyWorkflows",
        example="workflows://prod-01.westeurope.logic.azure.com:443/WorkflowID/Signature",
        advice="From the address of a Teams workflow that posts when a webhook calls it: "
        "its host, what follows /workflows/, and what follows sig=.",
        names_host=True,
    ),
    Kind(
        title="Telegram",
        schemes=("tgram",),
        module="telegram",
        name="NotifyTelegram",
        example="tgram://123456789:BotToken/ChatID",
        advice="The token that BotFather gives, and the id of the chat.",
    ),
    Kind(
        title="PagerDuty",
        schemes=("pagerduty",),
        module="pagerduty",
        name="NotifyPagerDuty",
        example="pagerduty://IntegrationKey@ApiKey",
        advice="The integration key of a service (Events API v2), and an API key.",
    ),
    Kind(
        title="Webhook",
        schemes=("json", "jsons"),
        module="custom_json",
        name="NotifyJSON",
        example="jsons://user:password@hooks.example.com/opsmanager",
        advice="Gets a POST with version, title, message and type as JSON. A header is written "
        "behind the address: ?+X-Token=… json:// is without TLS.",
        names_host=True,
    ),
    Kind(
        title="Webhook that takes a form",
        schemes=("form", "forms"),
        module="custom_form",
        name="NotifyForm",
        example="forms://hooks.example.com/opsmanager",
        advice="The same as a form in place of JSON.",
        names_host=True,
    ),
    Kind(
        title="ntfy",
        schemes=("ntfy", "ntfys"),
        module="ntfy",
        name="NotifyNtfy",
        example="ntfys://ntfy.sh/a-topic",
        advice="The host and the topic.",
        names_host=True,
    ),
    Kind(
        title="Gotify",
        schemes=("gotify", "gotifys"),
        module="gotify",
        name="NotifyGotify",
        example="gotifys://gotify.example.com/Token",
        advice="The host and the token of an application.",
        names_host=True,
    ),
    Kind(
        title="Mattermost",
        schemes=("mmost", "mmosts"),
        module="mattermost",
        name="NotifyMattermost",
        example="mmosts://chat.example.com/Token",
        advice="The host and the last part of an incoming webhook's address.",
        names_host=True,
    ),
    Kind(
        title="Rocket.Chat",
        schemes=("rocket", "rockets"),
        module="rocketchat",
        name="NotifyRocketChat",
        example="rockets://TokenA/TokenB@chat.example.com/#noc",
        advice="The two parts of an incoming webhook's token, the host and the channel.",
        names_host=True,
    ),
    Kind(
        title="Matrix",
        schemes=("matrix", "matrixs"),
        module="matrix",
        name="NotifyMatrix",
        example="matrixs://user:password@matrix.example.com/#noc",
        advice="A user of the server, and the room.",
        names_host=True,
    ),
    Kind(
        title="Discord",
        schemes=("discord",),
        module="discord",
        name="NotifyDiscord",
        example="discord://WebhookID/WebhookToken",
        advice="The two last parts of a webhook's address.",
    ),
    Kind(
        title="Google Chat",
        schemes=("gchat",),
        module="google_chat",
        name="NotifyGoogleChat",
        example="gchat://Workspace/Key/Token",
        advice="From the address of a space's webhook: the space, key= and token=.",
    ),
    Kind(
        title="Webex",
        schemes=("wxteams", "webex"),
        module="webexteams",
        name="NotifyWebexTeams",
        example="wxteams://Token",
        advice="The last part of an incoming webhook's address.",
    ),
    Kind(
        title="Opsgenie",
        schemes=("opsgenie",),
        module="opsgenie",
        name="NotifyOpsgenie",
        example="opsgenie://ApiKey",
        advice="The key of an API integration.",
    ),
    Kind(
        title="SIGNL4",
        schemes=("signl4",),
        module="signl4",
        name="NotifySIGNL4",
        example="signl4://TeamSecret",
        advice="The secret of the team.",
    ),
    Kind(
        title="Splunk On-Call",
        schemes=("splunk", "victorops"),
        module="splunk",
        name="NotifySplunk",
        example="splunk://RoutingKey@ApiKey",
        advice="A routing key, and the key of the REST integration.",
    ),
    Kind(
        title="Pushover",
        schemes=("pover",),
        module="pushover",
        name="NotifyPushover",
        example="pover://UserKey@Token",
        advice="The key of a user or group, and the token of an application.",
    ),
    Kind(
        title="Zulip",
        schemes=("zulip",),
        module="zulip",
        name="NotifyZulip",
        example="zulip://BotName@Organisation/Token/stream",
        advice="A bot with its token, the organisation and the stream.",
    ),
)
_SHORT: Final = 5
"""Characters; a shorter part, such as "noc", is no secret, and a word of other sentences."""
_BY_SCHEME: Final = {scheme: kind for kind in KINDS for scheme in kind.schemes}


def scheme_of(url: str) -> str:
    """Return what stands before ``://``, in lower case; empty when nothing does."""
    before, mark, _ = url.strip().partition("://")
    return before.lower() if mark else ""


def kind_of(url: str) -> Kind | None:
    """Return the service that an address leads to; ``None`` when it is none of ours."""
    return _BY_SCHEME.get(scheme_of(url))


def titles() -> str:
    """Return the names of all services, for a sentence."""
    return ", ".join(kind.title for kind in KINDS)


def secrets_of(url: str) -> list[str]:
    """Return what may be secret of an address: each part of it but the service and its host."""
    _, _, rest = url.strip().partition("://")
    place, slash, path = rest.partition("/")
    found = kind_of(url)
    before, at, host = place.rpartition("@")
    if found is None or not found.names_host:
        before, host = place, ""
    host, _, early = host.partition("?")
    path, _, late = f"{slash}{path}".partition("?")
    query = f"{early}&{late}"
    values = [field.partition("=")[2] for field in query.split("&")]
    parts = [*re.split(r"[:@]", before), *re.split(r"[/#]", path), *values]
    both = [url.strip(), f"{before}{at}", *parts, *(unquote(part) for part in parts)]
    return [part for part in dict.fromkeys(both) if len(part) > _SHORT]
