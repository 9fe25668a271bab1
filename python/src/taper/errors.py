"""What can go wrong, a class for each of libtaper's statuses."""


class TaperError(Exception):
    """The base of all of them; its text says what was expected, what was found and what to do."""


class ArgumentError(TaperError, ValueError):
    """An argument that this plan, or another argument, does not go with; a closed plan."""


class PlanFileError(TaperError, OSError):
    """A file that cannot be read, is damaged, or is no plan."""


class PlanUnfitError(TaperError, RuntimeError):
    """A sound plan that this library or this machine cannot run as asked."""


class InputError(TaperError, ValueError):
    """A text, or tokens, that the plan does not take."""


class ResultError(TaperError, ArithmeticError):
    """An answer with numbers that are NaN or infinite, and so says nothing."""


class CanaryError(TaperError, RuntimeError):
    """Canary examples whose answers are not the plan's."""
