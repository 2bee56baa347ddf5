"""Hashes of passwords: who has one can guess at it at home."""

import re
from typing import Final

from opsmanager.common.redact.family import Family

_CRYPT = re.compile(
    r"""(?x) (?<![\w$])
    \$(?:1|2[abxy]?|5|6|7|8|9|y|gy|md5|sha1|apr1|P|H|S|argon2(?:id|i|d)|scrypt|bcrypt(?:-sha256)?
         |pbkdf2(?:-sha(?:1|256|512))?)
    \$( [^\s:"';|<>]{8,} )"""
)
_NAMED = re.compile(
    r"""(?x)
    \b(?:pbkdf2_sha(?:1|256|512)\$\d++|scrypt\$\w++|bcrypt_sha256\$|bcrypt\$|argon2
         |md5\$|sha1\$|SCRAM-SHA-256\$\d+:)
    \$?( [^\s"',;|<>]{8,} )
    | \{(?:SSHA|SHA|SMD5|MD5|CRYPT|SSHA256|SSHA512|PBKDF2[\w-]*|ARGON2)\}( [A-Za-z0-9+/=.$,]{8,} )
    """
)
# name:hash:day:least:most:warn:inactive:expires:
_SHADOW = re.compile(
    r"(?:^|(?<=[\s\"':>|]))[a-zA-Z_][\w.-]*\$?:(?!\*|!+:|x:|:)!{0,2}+([^\s:]{4,})"
    r":\d{0,6}:(?:-?\d*:){3,5}"
)
_GSHADOW = re.compile(r"^[a-z_][\w-]*:(\$[^\s:]{8,}):[\w,-]*:[\w,-]*$")

HASHES: Final = (
    Family(
        name="crypt",
        keywords=(
            "$1$",
            "$2",
            "$5$",
            "$6$",
            "$7$",
            "$8$",
            "$9$",
            "$y$",
            "$gy$",
            "$md5",
            "$sha1$",
            "$apr1$",
            "$p$",
            "$h$",
            "$s$",
            "$argon2",
            "$scrypt",
            "$bcrypt",
            "$pbkdf2",
        ),
        pattern=_CRYPT,
    ),
    Family(
        name="named-hash",
        keywords=(
            "pbkdf2",
            "scrypt$",
            "bcrypt",
            "argon2$",
            "md5$",
            "sha1$",
            "scram-",
            "{s",
            "{m",
            "{crypt}",
            "{argon2}",
        ),
        pattern=_NAMED,
    ),
    Family(name="shadow", keywords=(":::", ":99999:", ":0:"), pattern=_SHADOW),
    Family(name="gshadow", keywords=(":$",), pattern=_GSHADOW),
)
