import pytest

from automation.runbooks import readings
from tests.automation.runbooks.proc_net_tcp import TCP

DF = """\
Filesystem              Type     1024-blocks     Used Available Capacity Mounted on
devtmpfs                devtmpfs    12334524        0  12334524       0% /dev
/dev/vda                ext4       264212084 25102924  81287988      24% /
/dev/mapper/a b         xfs             1000      990        10      99% /srv/with space
overlay                 overlay    264212084 25102924  81287988      24% /merged
tmpfs                   tmpfs          65536    65536         0     100% /run/credentials/x
tmpfs                   tmpfs          65536    32768     32768      50% /run
tmpfs                   tmpfs          65536    32768     32768      50% /tmp
/dev/loop3              squashfs       65536    65536         0     100% /snap/core/1
"""
INODES = """\
Filesystem     Type  Inodes IUsed   IFree IUse% Mounted on
/dev/vda       ext4  16777216 520924 16256292    4% /
/dev/sdb       btrfs        0      0        0     - /data
"""


def test_load_and_cores_are_read() -> None:
    assert readings.load_in("0.52 0.58 0.59 1/1234 5678\n") == 0.52
    assert readings.cores_in("8\n") == 8


@pytest.mark.parametrize("read", [readings.load_in, readings.cores_in, readings.memory_percent_in])
def test_what_says_nothing_is_an_error_and_not_a_number(read) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"printed nothing|does not tell"):
        read("")


def test_memory_in_use_is_what_is_not_available() -> None:
    meminfo = "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 250 kB\nHugePages_Total: 0\n"
    assert readings.memory_percent_in(meminfo) == 75.0


def test_an_old_kernel_s_available_memory_is_estimated() -> None:
    meminfo = "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 250 kB\n"
    assert readings.memory_percent_in(meminfo) == 60.0


def test_pseudo_file_systems_are_left_out() -> None:
    assert readings.file_systems_in(DF) == [
        ("/", 24), ("/srv/with space", 99), ("/merged", 24), ("/run", 50), ("/tmp", 50),
    ]  # fmt: skip


def test_a_file_system_without_inodes_is_left_out() -> None:
    assert readings.file_systems_in(INODES) == [("/", 4)]


def test_only_listening_ports_count() -> None:
    assert readings.listening_ports_in(TCP) == {8080, 443}


@pytest.mark.parametrize(
    ("output", "status"),
    [
        ("HTTP 200", 200),
        ("  HTTP/1.1 301 Moved\n  Location: /x\n  HTTP/1.1 404 Not Found\n", 404),
        ("  HTTP/2 204\n", 204),
        ("HTTP 000", None),
        ("wget: can't connect", None),
    ],
)
def test_the_last_status_counts(output: str, status: int | None) -> None:
    assert readings.http_status_in(output) == status
