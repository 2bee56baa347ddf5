"""Tables of the programs that run another one, and how to find it among their words."""

import re
from dataclasses import dataclass, field

from automation.engine.guard.names import names


@dataclass(frozen=True)
class Wrapper:
    """How a program is called that runs another one."""

    valued: frozenset[str] = field(default_factory=frozenset)
    """Options whose value is the next word."""
    operands: int = 0
    """Words of its own before the program."""
    joined: bool = False
    """Whether a shell reads the rest."""


def wrapper(valued: str = "", operands: int = 0, *, joined: bool = False) -> Wrapper:
    """Return a wrapper; ``valued`` are its options with a value, separated by spaces."""
    return Wrapper(frozenset(valued.split()), operands, joined)


WRAPPERS = {
    "sudo": wrapper(
        "-u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --role --type "
        "--chroot --close-from --command-timeout --other-user"
    ),
    "doas": wrapper("-u -C"),
    "pkexec": wrapper("--user"),
    "gosu": wrapper("", 1),
    "su-exec": wrapper("", 1),
    "sg": wrapper("", 1, joined=True),
    "runcon": wrapper("-t -u -r -l"),
    "env": wrapper("-u -C --unset --chdir -a --argv0"),
    "timeout": wrapper("-k -s --kill-after --signal", 1),
    "gtimeout": wrapper("-k -s", 1),
    "timelimit": wrapper("-t -T -s -S -p -q"),
    "nice": wrapper("-n --adjustment"),
    "ionice": wrapper("-c -n --class --classdata"),
    "stdbuf": wrapper("-i -o -e --input --output --error"),
    "exec": wrapper("-a"),
    "strace": wrapper("-e -o -p -s -u -E -a -P -I -O -S -b -X"),
    "ltrace": wrapper("-e -o -p -s -u -n -a -l -x -F -A -D"),
    "perf": wrapper("-e -o -F -p -g -a", 1),
    "valgrind": wrapper(),
    "chrt": wrapper("-T -P -D", 1),
    "schedtool": wrapper("-n -p -a"),
    "taskset": wrapper("", 1),
    "cpulimit": wrapper("-l -p -e -P"),
    "trickle": wrapper("-d -u -w -t -l -n"),
    "flock": wrapper("-w -E --timeout --wait --conflict-exit-code", 1),
    "setlock": wrapper("", 1),
    "systemd-run": wrapper(
        "-p -u -E -M -H -t --unit --property --setenv --uid --gid --slice --machine --host "
        "--on-active --on-boot --on-calendar --on-startup --on-unit-active --description "
        "--working-directory --service-type --nice --timer-property"
    ),
    "systemd-inhibit": wrapper("--what --who --why --mode"),
    "systemd-nspawn": wrapper("-D -M -i -u -b --directory --machine --image --user"),
    "systemd-cat": wrapper("-t -p --identifier --priority"),
    "runuser": wrapper("-u -g -G -s -w --user --group --supp-group --shell"),
    "setpriv": wrapper("--reuid --regid --groups --inh-caps --bounding-set"),
    "capsh": wrapper(),
    "time": wrapper("-f -o --format --output"),
    "chroot": wrapper("", 1),
    "nsenter": wrapper("-t --target -S -G"),
    "unshare": wrapper("-R -w -S -G --root --wd --setuid --setgid"),
    "bwrap": wrapper("--chdir --dir --proc --dev --tmpfs --setenv --hostname --uid --gid"),
    "watch": wrapper("-n -q --interval --equexit", joined=True),
    "hyperfine": wrapper("-w -r -n --warmup --runs", joined=True),
    "ssh": wrapper("-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w", 1, joined=True),
    "rsh": wrapper("-l", 1, joined=True),
    "mosh": wrapper("-p --ssh", 1),
    "pdsh": wrapper("-w -x -l -f -u -t -R -g", joined=True),
    "clush": wrapper("-w -x -l -f -u -t -g", joined=True),
    "sshpass": wrapper("-p -f -d -P"),
    "prlimit": wrapper(),
    "cgexec": wrapper("-g"),
    "numactl": wrapper("-C -N -m -i"),
    "lxc-attach": wrapper("-n --name"),
    "machinectl": wrapper("-M --machine --uid", 2),
    "screen": wrapper("-S -c -h -p -t -T -e -s"),
    "dbus-run-session": wrapper("--config-file"),
    "xvfb-run": wrapper("-n -f -s -e"),
    "faketime": wrapper("-f", 1),
    "chpst": wrapper("-u -U -b -/ -n -l -L -m -d -o -p -f -c -r -t"),
    "setuidgid": wrapper("", 1),
    "envdir": wrapper("", 1),
    "envuidgid": wrapper("", 1),
    "softlimit": wrapper("-m -d -s -l -a -o -p -f -c -r -t"),
    "gdb": wrapper("-ex -p -x -iex --eval-command --command --pid"),
    **{
        name: wrapper()
        for name in names(
            """
    nohup setsid command builtin busybox toybox ld.so ld-linux-x86-64.so.2 ld-linux.so.2
    ld-linux-aarch64.so.1 fakeroot fakechroot unbuffer eatmydata catchsegv coproc linux64 linux32
    setarch i386 x86_64 uname26 firejail proot then else do tini dumb-init catatonit chronic ifne
    nocache torsocks torify proxychains proxychains4 tsocks rlwrap daemonize daemon aoss not
    """
        )
    },
}
ASSIGNED = re.compile(r"^[A-Za-z_]\w*=")


def rest(args: tuple[str, ...], of: Wrapper) -> tuple[str, ...]:
    """Return the words after a wrapper's own."""
    at, operands = 0, of.operands
    while at < len(args):
        word = args[at]
        if word == "--":
            at += 1
            if not operands:
                while not of.joined and at < len(args) and ASSIGNED.match(args[at]):
                    at += 1
                return args[at:]
        elif word == "-" and not operands:
            at += 1
        elif word.startswith("-") and len(word) > 1:
            is_last = len(word) > 2 and word[1] != "-" and word[1:].isalpha()
            takes_next = word in of.valued or (is_last and f"-{word[-1]}" in of.valued)
            joined = is_last and word[:2] in of.valued and word not in of.valued
            at += 2 if takes_next and not joined else 1
        elif operands:
            operands -= 1
            at += 1
        elif ASSIGNED.match(word) and not of.joined:
            at += 1
        else:
            return args[at:]
    return ()
