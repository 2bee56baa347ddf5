"""The program that sends one message, or looks at one address, and ends.

It is a process of its own, so that it can be ended whatever the other side does, and the only one
that imports Apprise. It knows no Django: what it needs comes by its standard input, and nothing
secret stands among its arguments.
"""
