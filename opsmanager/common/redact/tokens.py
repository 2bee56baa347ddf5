"""Tokens that services give out in a form of their own, so that they can be told by themselves."""

import re
from typing import Final

from opsmanager.common.redact.family import Family


def _token(name: str, pattern: str, keywords: str) -> Family:
    # What goes before must not make it the middle of a longer word.
    whole = re.compile(rf"(?<![A-Za-z0-9]){pattern}")
    return Family(name=name, keywords=tuple(keywords.split()), pattern=whole)


TOKENS: Final = (
    _token(
        "opsmanager",
        r"opsm_[A-Za-z0-9]{20,}",
        "opsm_",
    ),
    _token(
        "aws-key-id",
        r"A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}(?![A-Za-z0-9])",
        "akia asia abia acca",
    ),
    _token(
        "gcp-api-key",
        r"AIza[\w-]{35}",
        "aiza",
    ),
    _token(
        "gcp-oauth",
        r"(?:ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,})",
        "ya29. gocspx-",
    ),
    _token(
        "azure-client-secret",
        r"[\w~.-]{3}\dQ~[\w~.-]{31,}",
        "q~",
    ),
    _token(
        "github",
        r"(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{22,})",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
    ),
    _token(
        "gitlab",
        r"(?:gl(?:pat|dt|rt|cbt|ptt|ft|imt|oas|soat|agent|ffct)-[\w.-]{20,}|"
        r"GR1348941[\w-]{20,})",
        "glpat- gldt- glrt- glcbt- glptt- glft- glimt- gloas- glsoat- glagent- glffct- gr1348941",
    ),
    _token(
        "bitbucket",
        r"(?:ATBB[A-Za-z0-9]{24,}|AT(?:ATT|CTT)3[\w=-]{50,})",
        "atbb atatt3 atctt3",
    ),
    _token(
        "slack",
        r"(?:xox[abceoprs](?:\.xox[a-z])?-[\w-]{10,}|xapp-\d-[\w-]{10,})",
        "xox xapp-",
    ),
    _token(
        "slack-webhook",
        r"https://hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([\w/"
        r"+-]{8,})",
        "hooks.slack",
    ),
    _token(
        "discord-webhook",
        r"https://(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d+/([\w-]{20,})",
        "/webhooks/",
    ),
    _token(
        "discord-bot",
        r"[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{27,}",
        "discord",
    ),
    _token(
        "teams-webhook",
        r"https://[\w.-]+\.webhook\.office(?:365)?\.com/webhookb2/([\w@/-]{20,})",
        ".webhook.office",
    ),
    _token(
        "telegram",
        r"(?:bot)?\d{8,10}:(AA[\w-]{32,})",
        ":aa",
    ),
    _token(
        "stripe",
        r"(?:(?:sk|rk|pk)_(?:live|test)_\w{10,}|whsec_[\w+/=]{20,})",
        "k_live_ k_test_ whsec_",
    ),
    _token(
        "square",
        r"(?:sq0(?:atp|csp|idp)-[\w-]{22,}|EAAA[\w-]{50,})",
        "sq0 eaaa",
    ),
    _token(
        "twilio",
        r"SK[0-9a-f]{32}(?![0-9a-f])",
        "sk",
    ),
    _token(
        "sendgrid",
        r"SG\.[\w-]{16,}\.[\w-]{32,}",
        "sg.",
    ),
    _token(
        "mailgun",
        r"(?:key-[0-9a-f]{32}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8})(?![0-9a-f-])",
        "key- mailgun",
    ),
    _token(
        "npm",
        r"npm_[A-Za-z0-9]{36}",
        "npm_",
    ),
    _token(
        "pypi",
        r"pypi-[\w-]{50,}",
        "pypi-",
    ),
    _token(
        "docker",
        r"dckr_(?:pat|oat)_[\w-]{20,}",
        "dckr_",
    ),
    _token(
        "vault",
        r"hv[sbr]\.[\w-]{20,}",
        "hvs. hvb. hvr.",
    ),
    _token(
        "digitalocean",
        r"do[opr]_v1_[0-9a-f]{40,}",
        "doo_v1_ dop_v1_ dor_v1_",
    ),
    _token(
        "cloudflare",
        r"(?:v1\.0-[0-9a-f]{24}-[0-9a-f]{100,}|cf(?:ut|at|k)_[\w-]{32,})",
        "v1.0- cfut_ cfat_ cfk_",
    ),
    _token(
        "openai",
        r"sk-(?:proj-|svcacct-|admin-|None-)?(?=[\w-]{0,80}\d)[\w-]{20,}",
        "sk-",
    ),
    _token(
        "anthropic",
        r"sk-ant-[\w-]{16,}",
        "sk-ant-",
    ),
    _token(
        "hugging-face",
        r"(?:hf_[A-Za-z0-9]{30,}|api_org_[A-Za-z]{30,})",
        "hf_ api_org_",
    ),
    _token(
        "age",
        r"AGE-SECRET-KEY-1[A-Z0-9]{50,}",
        "age-secret-key-1",
    ),
    _token(
        "grafana",
        r"gl(?:sa|c)_[\w=+/]{20,}",
        "glsa_ glc_",
    ),
    _token(
        "databricks",
        r"dapi[0-9a-f]{32}(?:-\d)?",
        "dapi",
    ),
    _token(
        "shopify",
        r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
        "shpat_ shpca_ shppa_ shpss_",
    ),
    _token(
        "new-relic",
        r"NRAK-[A-Z0-9]{20,}",
        "nrak-",
    ),
    _token(
        "postman",
        r"PMAK-[0-9a-f]{20,}-[0-9a-f]{30,}",
        "pmak-",
    ),
    _token(
        "pulumi",
        r"pul-[0-9a-f]{40}",
        "pul-",
    ),
    _token(
        "terraform",
        r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{50,}",
        ".atlasv1.",
    ),
    _token(
        "sentry",
        r"sntry[su]_[\w=+/-]{40,}",
        "sntry",
    ),
    _token(
        "planetscale",
        r"pscale_(?:tkn|oauth|pw)_[\w.-]{30,}",
        "pscale_",
    ),
    _token(
        "doppler",
        r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,}",
        "dp.",
    ),
    _token(
        "linear",
        r"lin_(?:api|oauth)_[A-Za-z0-9]{30,}",
        "lin_",
    ),
    _token(
        "jwt",
        r"eyJ[\w-]{8,2000}+\.(?:[\w-]{6,}|\*\*\*)\.[\w-]*",
        "eyj",
    ),
    Family(
        name="vault-legacy",
        keywords=("s.", "b.", "r."),
        gate=re.compile(r"(?<![\w.])[sbr]\.[a-z0-9]{24}(?![\w.])"),
        pattern=re.compile(r"(?<![\w.])[sbr]\.(?=[A-Za-z]*\d)[A-Za-z0-9]{24}(?![\w.])"),
    ),
)
"""Their prefixes and lengths are those that the services document."""
