"""parallel-ssh at its best: each server goes on by itself, without a barrier between commands."""

import json
import sys

from gevent.pool import Pool
from pssh.clients.native.single import SSHClient


def main() -> None:
    given = json.load(sys.stdin)
    clients: dict[int, SSHClient] = {}

    def work(server: int) -> int:
        """All executions of one server, over its one connection."""
        host, port = given["hosts"][server]
        client = SSHClient(
            host,
            user=given["user"],
            port=port,
            pkey=given["key"],
            allow_agent=False,
            identity_auth=False,
        )
        clients[server] = client
        good = 0
        for _ in range(server, given["executions"], len(given["hosts"])):
            codes = []
            for command in given["commands"]:
                output = client.run_command(command)
                assert list(output.stdout)
                list(output.stderr)
                client.wait_finished(output)
                codes.append(output.exit_code)
            good += not any(codes)
        return good

    pool = Pool(32)
    print(sum(pool.imap_unordered(work, range(len(given["hosts"])))))


main()
