"""The user, how a user is logged in, and how often somebody tried."""

from opsmanager.accounts.models.api_login import ApiLogin
from opsmanager.accounts.models.api_token import ApiToken
from opsmanager.accounts.models.browser_session import BrowserSession
from opsmanager.accounts.models.identity import Identity
from opsmanager.accounts.models.login_throttle import LoginThrottle
from opsmanager.accounts.models.user import User

__all__ = ["ApiLogin", "ApiToken", "BrowserSession", "Identity", "LoginThrottle", "User"]
