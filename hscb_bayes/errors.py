"""The one error that a user can cause and repair."""


class InputError(ValueError):
    """What was read cannot be used; the message is a sentence with an address.

    It names the file and the item, what was required, what was found, and where to look: lower case, no full stop,
    strings as their ``repr``. The command line prints it as ``error: <message>`` and exits with status 2.

    Examples
    --------
    >>> raise InputError("x.toml: item 'os_1y': lower 0.94 is above the estimate 0.85; check Figure 1C")
    Traceback (most recent call last):
        ...
    hscb_bayes.errors.InputError: x.toml: item 'os_1y': lower 0.94 is above the estimate 0.85; check Figure 1C
    """
