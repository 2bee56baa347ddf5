"""What can go wrong between the button and a session, each as a sentence for a person."""


class LoginFailed(Exception):
    """Somebody does not get in by single sign-on; ``message`` says why and what to do.

    ``reason`` is for the log and the trail; it quotes nothing that only the provider may know.
    """

    status = 403
    heading = "You are not signed in"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.message = message


class Refused(LoginFailed):
    """The provider knows the person, and OpsManager does not let them in."""


class Stale(LoginFailed):
    """The answer belongs to no login that was begun in this browser a short time ago."""

    status = 400
    heading = "That login is over"

    def __init__(self, reason: str = "The answer belongs to no login of this browser.") -> None:
        super().__init__(
            reason,
            "This login was not begun in this browser, took longer than ten minutes, or was used "
            "already. Begin again on the login page.",
        )


class Declined(LoginFailed):
    """The provider itself let the person not in; ``code`` is OpenID Connect's word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"The provider declined: {code}.",
            f"The provider of single sign-on did not let you in ({code}). Try again; if it stays "
            "so, ask whoever runs it whether you may use OpsManager.",
        )


class ProviderAway(LoginFailed):
    """The provider does not answer, or not as one does."""

    status = 503
    heading = "Single sign-on does not answer"

    def __init__(self, reason: str) -> None:
        super().__init__(
            reason,
            "The provider of single sign-on can't be reached now, or did not answer as it should. "
            "Try again in a minute. A SUPER_ADMIN can sign in with a password meanwhile, and the "
            "log of OpsManager says what went wrong.",
        )


class NotProven(LoginFailed):
    """What the provider sent does not prove who somebody is."""

    status = 400
    heading = "Your login could not be checked"

    def __init__(self, reason: str) -> None:
        super().__init__(
            reason,
            "What the provider of single sign-on sent does not prove who you are, so nobody was "
            "signed in. Begin again on the login page; if it stays so, ask an administrator of "
            "OpsManager to look into its log.",
        )
