"""Code of other languages that a command carries: what it hands to a shell, and what it does."""

import re

from automation.engine.guard.call import Call

# The options that carry code.
_CODE = {
    "python": ("-c",),
    "pypy": ("-c",),
    "jython": ("-c",),
    "perl": ("-e", "-E"),
    "ruby": ("-e",),
    "jruby": ("-e",),
    "php": ("-r", "--run", "-B", "-R"),
    "node": ("-e", "--eval", "-p", "--print"),
    "nodejs": ("-e", "--eval", "-p", "--print"),
    "bun": ("-e", "--eval"),
    "deno": (),
    "lua": ("-e",),
    "luajit": ("-e",),
    "tclsh": (),
    "wish": (),
    "Rscript": ("-e",),
    "R": ("-e",),
    "guile": ("-c", "-e"),
    "emacs": ("--eval", "-eval", "--execute"),
    "julia": ("-e", "-E", "--eval"),
    "elixir": ("-e", "--eval"),
    "erl": ("-eval",),
    "groovy": ("-e",),
    "scala": ("-e",),
    "ghc": ("-e",),
    "ocaml": ("-e",),
    "racket": ("-e",),
    "sbcl": ("--eval",),
    "clisp": ("-x",),
    "swipl": ("-g",),
    "osascript": ("-e",),
    "jshell": (),
    "irb": (),
}
_AWKS = ("awk", "gawk", "mawk", "nawk", "original-awk")
_STARTS = re.compile(
    r"\b(?:system\w*|p?open[23\d]?|popen\w*|subprocess|exec\w*|\w+exec|spawn\w*|passthru|getline|"
    r"shell\w*|call|run\w*|check_(?:output|call)|getoutput|getstatusoutput|pty|cmd|proc_open|"
    r"ProcessBuilder|callCommand|do|Command)\b|`|\bqx\W|%x|\||shell-command|call-process"
)
_STRINGS = re.compile(
    r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|`([^`]*)`|(?:qx|q|qq|%x|%q)[{(\[/|!]([^})\]/|!]*)",
    re.S,
)
_LISTS = re.compile(r"((?:['\"][^'\"]*['\"]\s*,\s*)+['\"][^'\"]*['\"])")
_WORD_LISTS = re.compile(r"(?:qw|%w)\W([^)\]}/|]*)")
_JOINED = re.compile(r"(['\"])\s*(?:\+|\.|\.\.|<>|\|\||)\s*\1")


def is_interpreter(name: str) -> bool:
    """Whether a program reads code of another language."""
    return re.sub(r"[\d.]+$", "", name) in _CODE


def code_of(call: Call) -> tuple[str, ...]:
    """Return the code that an interpreter is given by option, else by input; ``()`` for a file."""
    name = re.sub(r"[\d.]+$", "", call.name)
    given = call.values(*_CODE[name])
    if name == "deno":
        return call.operands[1:2] if call.verb("eval") else ()
    asks = ("-m", "--version", "-V", "-v", "--help", "-h", "-s", "-l", "-i")
    if given or call.flag(*asks[:6]) or name in ("emacs", "R", "swipl", "osascript"):
        return given
    scripts = [one for one in call.operands if one not in ("-", "/dev/stdin")]
    return () if scripts else call.stdin or ("\0",)


def codes(call: Call) -> tuple[str, ...]:
    """Return all code that a call carries, an awk program's too, with split strings joined."""
    found: tuple[str, ...] = ()
    if is_interpreter(call.name):
        found = code_of(call)
    elif call.name in _AWKS:
        found = call.operands[:1]
    return tuple(_JOINED.sub("", one.replace("\\n", "\n")) for one in found)


def shell_texts(call: Call) -> list[str]:
    """Return the texts that an interpreter may hand to a shell."""
    found = codes(call)
    plain = [code.partition("exec ")[2] for code in found if "tclsh" in call.name]
    texts = plain + [one for code in found if _STARTS.search(code) for one in _strings(code)]
    return [one for one in texts if re.search(r"[A-Za-z]", one)]


def _strings(code: str) -> list[str]:
    lists = [
        " ".join(a or b for a, b in re.findall(r"'([^']*)'|\"([^\"]*)\"", one[1]))
        for one in _LISTS.finditer(code)
    ]
    plain = ["".join(one) for one in _STRINGS.findall(code)]
    return [*lists, *_WORD_LISTS.findall(code), *(one.strip("|& ") for one in plain)]
