"""Work that shows secrets in each way that a runbook and a server have."""

from typing import Literal

from automation.engine import AbsolutePath, Assessment, Param, Run, Runbook, Shell, step

# A dozen ways; some in pieces with a pause, so that they come in chunks of their own.
_PRINT = Shell(
    r"""s=$(cat "$1/secret")
echo "plain: $s"
printf 'in pieces: %.9s' "$s"; sleep 0.4; printf '%s\n' "${s#?????????}"
printf '%s' "$s" | fold -w 1 | while read -r c || [ -n "$c" ]; do
    printf '%s' "$c"; sleep 0.01
done; echo
printf 'base64: %s\n' "$(printf '%s' "$s" | base64 -w 0)"
printf 'basic: %s\n' "$(printf 'u:%s' "$s" | base64 -w 0)"
printf 'later: %s\n' "$(printf 'us:%s\n' "$s" | base64 -w 0)"
{ head -c 100 /dev/zero; printf '%s' "$s"; head -c 100 /dev/zero; } | base64
printf 'hex: %s\n' "$(printf '%s' "$s" | od -An -v -tx1 | tr -d ' \n')"
printf 'HEX: %s\n' "$(printf '%s' "$s" | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F)"
printf 'url: %s\n' "$(printf '%s' "$s" | sed 's/-/%2D/g; s|/|%2F|g; s/+/%2B/g; s/ /%20/g')"
printf 'json: {"value": "%s"}\n' "$(printf '%s' "$s" | sed 's|/|\\/|g')"
printf "quoted: '%s'\n" "$s"
echo "postgresql://ops:$s@127.0.0.1/x" >&2
echo "Authorization: Bearer $s" >&2
printf 'last words without an end: %s' "$s" >&2
sleep 0.3
cat "$1/key"
echo "api_token=$(cat "$1/unknown")"
env
printf 'half of it: %.12s' "$s"
"""
)
_FAIL = Shell(
    r"""echo "it did not work with $(cat "$1/secret")" >&2
echo "password=$(cat "$1/unknown")" >&2
exit 3"""
)


class Leaking(Runbook):
    """Say secrets wherever something can be said.

    They lie in the files ``secret``, ``key`` and ``unknown`` of a folder on the server.
    """

    id = "ACME_LEAKING"
    title = "Leak"
    default_cooldown_minutes = 0
    default_max_retries = 0

    folder: AbsolutePath = Param(help="Where the secrets lie")
    end: Literal["well", "failed", "fault", "wait"] = Param("well", help="How it ends")
    url: str = Param("", help="What to call, if anything; {} stands for the secret")

    def assess(self, run: Run) -> Assessment:
        """Say it."""
        secret = run.read("cat", f"{self.folder}/secret").stdout
        return Assessment(healthy=True, values={"value": secret, "list": [secret]}, summary=secret)

    @step("Print")
    def say(self, run: Run) -> None:
        """Print it, and keep it."""
        run.read(_PRINT, self.folder)
        secret = run.read("cat", f"{self.folder}/secret").stdout
        run.result["value"] = [{"secret": secret}, f"and {secret}"]
        run.summary = f"Done with {secret}."
        run.affects = f"what {secret} opens"
        run.note(f"The note is {secret}.")
        run.validate(run.previous == {}, f"It is {secret}")

    @step("Change")
    def change(self, run: Run) -> None:
        """Send it, and see that the step itself was told the truth."""
        secret = run.read("cat", f"{self.folder}/secret").stdout
        run.change("sh", "-c", 'printf %s "$1" >"$2"', "sh", secret, f"{self.folder}/copy")
        run.change("sh", "-c", 'cat >"$1"', "sh", f"{self.folder}/from-stdin", stdin=secret)
        if self.url:
            run.http(
                "POST",
                self.url.replace("{}", secret),
                json={"token": secret},
                headers={"X-Api-Key": secret},
                ok=None,
            )
        if self.end == "failed":
            run.change(_FAIL, self.folder)
        if self.end == "fault":
            raise RuntimeError(f"A fault that holds {secret}.")
        if self.end == "wait":
            run.change(Shell('echo "waiting with $(cat "$1/secret")"; sleep 600'), self.folder)

    @change.undo
    def back(self, run: Run) -> None:
        """Take it back, and say it once more."""
        secret = run.read("cat", f"{self.folder}/secret").stdout
        run.change("sh", "-c", 'echo "$1"; rm -f "$2"', "sh", secret, f"{self.folder}/copy")


class Keeping(Leaking):
    """Keep a secret for the way back, which therefore nobody can go."""

    id = "ACME_KEEPING"
    title = "Keep"

    @step("Keep")
    def keep(self, run: Run) -> None:
        """Keep it."""
        secret = run.read("cat", f"{self.folder}/secret").stdout
        run.data["was"] = secret
        run.once("made-up", lambda: f"once {secret}")
        run.change("true")
