"""What executions add up to over a span of time: rates, durations, uses, and all of it together.

What counts, everywhere: dry runs are left out; an execution belongs to the time at which it was
queued, as in the list of executions; :mod:`automation.selectors.outcomes` says what is a success.
"""
