"""Says in two words what a browser calls itself in forty."""

# In this order: each also calls itself what stands below it.
_PROGRAMS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Android", "Android"),
    ("Linux", "Linux"),
)


def agent_name(agent: str) -> str:
    """Return a name for a ``User-Agent`` such as "Firefox on Linux"; its beginning if unknown."""
    program = next((name for sign, name in _PROGRAMS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    if program and system:
        return f"{program} on {system}"
    return program or agent[:40] or "Something without a name"
