"""fabric with a thread for each of 32 servers at a time, and one connection a server."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor


def main() -> None:
    # This file has the library's name.
    sys.path.pop(0)
    from fabric import Connection  # noqa: PLC0415

    given = json.load(sys.stdin)

    def work(server: int) -> int:
        host, port = given["hosts"][server]
        options = {"key_filename": given["key"], "allow_agent": False, "look_for_keys": False}
        good = 0
        with Connection(host, user=given["user"], port=port, connect_kwargs=options) as connection:
            for _ in range(server, given["executions"], len(given["hosts"])):
                ends = [
                    connection.run(text, hide=True, in_stream=False) for text in given["commands"]
                ]
                good += all(end.ok for end in ends)
        return good

    with ThreadPoolExecutor(32) as threads:
        print(sum(threads.map(work, range(len(given["hosts"])))))


main()
