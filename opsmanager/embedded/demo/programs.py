"""Gathers the programs that every world sees at /opt/demo, compiled, in one folder."""

import py_compile
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import opsmanager
from opsmanager.embedded.demo import inside
from opsmanager.embedded.demo.containment.plan import PROGRAMS

_RUN, _READ = 0o755, 0o644
_PACKAGES = ("", "embedded", "embedded/demo")
_COMMANDS = ("systemctl", "journalctl", "service")
# Some write it even as root. Whoever logs in here is root already; without its options it is env.
_SUDO = """#!/bin/sh
while :; do
    case $1 in
    -n | -E | -H | -S) shift ;;
    -u) shift 2 ;;
    --) shift; break ;;
    -v | -l | -k | -K) exit 0 ;;
    *) break ;;
    esac
done
exec env "$@"
"""


def interpreter() -> Path:
    """Return the Python program itself, behind a virtual environment's links."""
    return Path(sys._base_executable).resolve()  # type: ignore[attr-defined]  # noqa: SLF001


def interpreter_files() -> tuple[str, ...]:
    """Return what the interpreter needs of the machine besides /usr: files and folders."""
    program = interpreter()
    library = Path(shutil.__file__).resolve().parent
    shared = (program.parent.parent / "lib").glob("libpython3*.so*")
    paths = [program, library, *shared]
    return tuple(str(path) for path in paths if not path.is_relative_to("/usr"))


def gather(folder: Path) -> None:
    """Write the programs to ``folder``, replacing what is there.

    Raises ``ModuleNotFoundError`` when docker-systemctl-replacement is not installed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    library = folder / "lib"
    source = Path(opsmanager.__path__[0])
    for package in _PACKAGES:
        _copy(source / package / "__init__.py", library / "opsmanager" / package / "__init__.py")
    for module in Path(inside.__path__[0]).glob("*.py"):
        _copy(module, library / "opsmanager/embedded/demo/inside" / module.name)
    _copy(Path(inside.__path__[0]) / "__main__.py", library / "__main__.py")
    _copy(_replacement(), library / "systemctl2/systemctl.py")
    commands = folder / "bin"
    commands.mkdir()
    for name in _COMMANDS:
        text = f'#!/bin/sh\nexec "{interpreter()}" -I -S {PROGRAMS}/lib {name} "$@"\n'
        (commands / name).write_text(text, encoding="utf-8")
    (commands / "sudo").write_text(_SUDO, encoding="utf-8")
    # Who reads them inside is, where we are root, another user outside.
    for path in (folder, *folder.rglob("*")):
        executable = path.is_dir() or path.parent == commands
        path.chmod(_RUN if executable else _READ)


def _replacement() -> Path:
    spec = find_spec("systemctl2.systemctl")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("docker-systemctl-replacement is not whole")
    return Path(spec.origin)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    # Nobody can write inside, so nobody there could compile it: not once, but at each start.
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(target), invalidation_mode=mode, quiet=2)
