"""Opening the secret parameters of an execution, in the worker that runs it and nowhere else."""

from automation.engine.errors import ParametersInvalid
from automation.models import Execution
from opsmanager.common import vault


def opened(execution: Execution) -> dict[str, str]:
    """Return the secret parameters in plain text by their names on the wire.

    Raises ``ParametersInvalid`` when one can't be opened.
    """
    kept = execution.secret_parameters
    if kept is None:
        return {}
    found, problems = {}, {}
    for name, text in kept.sealed.items():
        try:
            found[name] = vault.open_sealed(text, row=str(kept.pk), field=kept.place_of(name))
        except vault.SecretUnreadable as problem:
            problems[name] = [str(problem)]
    if problems:
        said = " ".join(sentence for sentences in problems.values() for sentence in sentences)
        raise ParametersInvalid(said, problems)
    return found
