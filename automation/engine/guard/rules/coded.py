"""What code of other languages does by itself, without a shell: removing, writing, killing."""

import re
from collections.abc import Callable

from automation.engine.guard.call import Call
from automation.engine.guard.code import codes
from automation.engine.guard.decision import Severity
from automation.engine.guard.paths import is_device, is_file, is_place
from automation.engine.guard.rule import rule

_LANGUAGES = (
    "python* pypy* jython perl* ruby* jruby php* node nodejs bun deno lua* tclsh* wish Rscript R "
    "guile emacs julia elixir erl groovy scala ghc ocaml racket sbcl clisp swipl osascript irb "
    "jshell awk gawk mawk nawk original-awk"
)
_LOOPS = r"\b(?:while|for|loop|until|unless|forever|cycle)\b"
_FORK = re.compile(
    rf"{_LOOPS}.*\bfork\b|\bfork\b.*{_LOOPS}|{_LOOPS}.*&\s*[\"']|fork\s*&&\s*fork|fork\(\)\s*;\s*fork",
    re.S,
)
_BACK = re.compile(
    r"/inet/(?:tcp|udp)/|(?:socket|fsockopen|tcp|net\.connect|create_connection|createConnection)"
    r".*(?:\bpty\b|dup2|/bin/\w*sh|\bsh\b|bash|subprocess|exec|open3|system|cmd\.exe)",
    re.S | re.I,
)
_KILL = re.compile(
    r"\bkill(?:pg|all)?\b\W*(?:[\w.:\"'$-]+\s*,\s*|[\"']?\w+[\"']?\s*=>\s*)*-?[01]\b(?!\s*,\s*0\b)|"
    r"\bkill\b\W*-?1\b"
)
_PATHS = re.compile(r"[\"'`({\[|<>=\s]((?:/|~)[^\"'`)}\]|;,>\s]*)")
_REMOVES = re.compile(
    r"\b(?:rmtree|rm_?rf?|rm_r|remove_?tree|rm_tree|delete_?tree|rm(?:dir)?Sync|unlinkSync|removeSync|unlink|"
    r"removedirs?|remove|rmdir|rename(?:Sync|s)?|truncate\w*|ftruncate|writeFile\w*|appendFile\w*|"
    r"write_text|write_bytes|write_file|file_put_contents|chmod\w*|chown\w*|symlink\w*|"
    r"delete\w*|shred|rm|file_delete|DeleteFile|del_dir\w*|mknod|utime|setxattr)\b"
    r"|\bmove\b|File\.(?:write|rename|truncate)|IO\.write|os\.replace|Path\S*\.replace"
)
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")
_OPENS = re.compile(
    r"\bopen\w*\s*\(?[^;]*?[\"'][rb]*[wax+>][wxab+>]*[\"',]|\bopen\w*\s*\(?[^;]*[\"']\s*\+?>|"
    r"\bfopen\w*\W[^;]*[\"'][wax+]|print[^;]*>\s*[\"'(]|io\.open\W[^;]*[\"'][wa]|"
    r"open\s+\S+\s+w\b|O_(?:WRONLY|RDWR|TRUNC)"
)
_COPIES = re.compile(r"\bcopy\w*\W+[^,()]*,\s*[\"'](/[^\"']*)[\"']")
_DECODES = re.compile(
    r"b(?:16|32|64|85)decode|base64|decode64|decode_base64|unhexlify|fromhex|hex2bin|decompress|"
    r"inflate|rot_?13|\bunpack\b|\bpack\W|\bchr\b\W|\bchar\(|Buffer\.from|atob|marshal|pickle|"
    r"fromCharCode|urlopen|requests\.get|LWP|open-uri|file_get_contents\W+http|\bjoin\b.*\bmap\b|"
    r"\\x[0-9a-fA-F]{2}.*\\x[0-9a-fA-F]{2}|codecs\.|\[::-1\]|\breverse\b|strrev|string\.char"
)
_RUNS = re.compile(
    r"\b(?:exec\w*|eval|system|popen\w*|spawn\w*|subprocess|compile|run\w*|call|shell_exec|"
    r"passthru|require|getattr|loadstring|load|instance_eval|Function|do)\b|`|\bqx\W|%x"
)
_PIPES = re.compile(r"\|&?\s*[\"'](?:/\S*/)?(?:ba|da|k|z|a)?sh\b\s*(?:-s)?\s*[\"']")
_POWER = re.compile(
    r"\bRB_(?:AUTOBOOT|POWER_OFF|HALT_SYSTEM)|\breboot\s*\(|libc.*\breboot\b|\b169\b.*syscall"
)


def _harms(call: Call) -> bool:
    """Whether code removes or writes, and names something that the server needs."""
    for code in codes(call):
        text = f" {code}"
        removes = _REMOVES.search(_QUOTED.sub("''", text))
        changes = removes or _OPENS.search(text)
        named = _PATHS.findall(text) if changes else _COPIES.findall(text)
        for one in named:
            path = call.path(one)
            if is_file(path) or is_device(path) or (removes and is_place(path)):
                return True
    return False


def _any(*patterns: re.Pattern[str]) -> Callable[[Call], bool]:
    """Return the question whether one code of a call fits each of these."""
    return lambda call: any(all(one.search(code) for one in patterns) for code in codes(call))


RULES = (
    rule(
        "CODE_FORKS",
        _LANGUAGES,
        _any(_FORK),
        "It starts processes until the server can start nothing more.",
    ),
    rule(
        "CODE_NETWORK_SHELL",
        _LANGUAGES,
        _any(_BACK),
        "It gives a shell to whoever listens at another address.",
    ),
    rule(
        "CODE_KILLS",
        _LANGUAGES,
        _any(_KILL),
        "It ends the first process, or all there are.",
    ),
    rule(
        "CODE_SWITCHES_OFF",
        _LANGUAGES,
        _any(_POWER),
        "It halts or restarts the whole server.",
    ),
    rule(
        "CODE_HARMS",
        _LANGUAGES,
        _harms,
        "It removes, or writes to, what the server can't do without.",
    ),
    rule(
        "CODE_FEEDS_SHELL",
        _LANGUAGES,
        _any(_PIPES),
        "It gives a shell what it makes up first, and nobody can tell what.",
        severity=Severity.OPAQUE,
    ),
    rule(
        "CODE_UNSEEN",
        _LANGUAGES,
        _any(_DECODES, _RUNS),
        "It runs code that it makes up first, and nobody can tell which.",
        severity=Severity.OPAQUE,
    ),
)
