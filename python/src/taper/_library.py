"""libtaper by ctypes: the functions of taper.h, whose calls release the interpreter's lock."""
import ctypes
import os
import pathlib
from ctypes import POINTER, Structure, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p

from . import errors

OK = 0
ERRORS = {1: errors.ArgumentError, 2: errors.PlanFileError, 3: errors.PlanUnfitError, 4: errors.InputError,
          5: errors.ResultError, 6: errors.ArgumentError, 7: errors.CanaryError}


class PlanOptions(Structure):
    _fields_ = [("size", c_size_t), ("weights_path", c_char_p), ("prefault", c_int), ("lock", c_int),
                ("strict", c_int)]


class SessionOptions(Structure):
    _fields_ = [("size", c_size_t), ("threads", c_uint32), ("prompt", c_char_p), ("no_prompt", c_int)]


class Facts(Structure):
    _fields_ = [("size", c_size_t), ("kind", c_int), ("width", c_uint32), ("maximum_tokens", c_uint32),
                ("threads", c_uint32), ("vocabulary", c_uint32), ("is_normalized", c_int), ("model", c_char_p)]


class Answer(Structure):
    _fields_ = [("size", c_size_t), ("count", c_size_t), ("tokens", c_uint32), ("is_truncated", c_int),
                ("layers", c_uint32)]


class Token(Structure):
    _fields_ = [("id", c_uint32), ("type", c_uint32), ("text", ctypes.c_int32), ("begin", c_uint32),
                ("end", c_uint32)]


def sized(kind, **members):
    """A structure of the interface, which begins with its size."""
    return kind(size=ctypes.sizeof(kind), **members)


def _load():
    """TAPER_LIBRARY, or the library in this package."""
    path = os.environ.get("TAPER_LIBRARY") or str(pathlib.Path(__file__).parent / "libtaper.so.1")
    library = ctypes.CDLL(path)
    texts = [c_char_p, c_size_t, c_char_p, c_size_t]
    signatures = {
        "taper_abi": (c_uint32, []),
        "taper_version": (c_char_p, []),
        "taper_last_error": (c_char_p, []),
        "taper_plan_open": (c_int, [c_char_p, POINTER(PlanOptions), POINTER(c_void_p)]),
        "taper_plan_close": (None, [POINTER(c_void_p)]),
        "taper_plan_read_facts": (c_int, [c_void_p, POINTER(Facts)]),
        "taper_plan_label": (c_char_p, [c_void_p, c_uint32]),
        "taper_plan_predict": (c_int, [c_void_p, c_uint32, POINTER(c_uint64)]),
        "taper_plan_verify": (c_int, [c_void_p]),
        "taper_session_open": (c_int, [c_void_p, POINTER(SessionOptions), POINTER(c_void_p)]),
        "taper_session_close": (None, [POINTER(c_void_p)]),
        "taper_session_check": (c_int, [c_void_p]),
        # numbers go to an array of numpy by its address
        "taper_run": (c_int, [c_void_p, *texts, c_void_p, c_size_t, POINTER(Answer)]),
        "taper_run_ids": (c_int, [c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_size_t, POINTER(Answer)]),
        "taper_tokenize": (c_int, [c_void_p, *texts, POINTER(Token), c_size_t, POINTER(c_size_t)]),
        "taper_last_tokens": (c_int, [c_void_p, POINTER(Token), c_size_t, POINTER(c_size_t)]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    if library.taper_abi() != 1:
        raise ImportError(f"{path}: expected libtaper with interface 1; found {library.taper_abi()}")
    return library


library = _load()


def check(status):
    """Raises what a status stands for."""
    if status != OK:
        raise ERRORS.get(status, errors.TaperError)(library.taper_last_error().decode("utf-8", "replace"))

