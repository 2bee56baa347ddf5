"""For the tests of your own runbooks: a fixture that runs them on a real sshd.

Needs neither Django's settings nor a database. Name the plugin in the top ``conftest.py`` of your
tests, or in the test module that uses it::

    pytest_plugins = ("automation.testing.plugin",)

What needs no server at all is in :mod:`automation.engine.testing`.
"""
