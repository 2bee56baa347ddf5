"""pyinfra with 32 servers at a time."""

import json
import sys


def main() -> None:
    # This file has the library's name.
    sys.path.pop(0)
    from gevent.pool import Pool  # noqa: PLC0415
    from pyinfra.api import Config, Inventory, State  # noqa: PLC0415
    from pyinfra.api.connect import connect_all  # noqa: PLC0415

    given = json.load(sys.stdin)
    names = [host for host, _ in given["hosts"]]
    data = {
        host: {
            "ssh_port": port,
            "ssh_user": given["user"],
            "ssh_key": given["key"],
            "ssh_allow_agent": False,
            "ssh_look_for_keys": False,
            "ssh_strict_host_key_checking": "off",
        }
        for host, port in given["hosts"]
    }
    inventory = Inventory(([(name, data[name]) for name in names], {}))
    state = State(inventory, Config(PARALLEL=32))
    connect_all(state)

    def work(server: int) -> int:
        host = inventory.get_host(names[server])
        good = 0
        for _ in range(server, given["executions"], len(names)):
            ends = [host.run_shell_command(text)[0] for text in given["commands"]]
            good += all(ends)
        return good

    print(sum(Pool(32).imap_unordered(work, range(len(names)))))


main()
