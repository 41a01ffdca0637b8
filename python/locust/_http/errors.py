# SPDX-License-Identifier: MIT
"""The requests exception for an exchange that failed in the engine."""
from typing import Any, Dict, Optional, Type

from requests import exceptions
from requests.models import PreparedRequest
from requests.structures import CaseInsensitiveDict

# Numbers of src/base/error.def.
_CLASSES: Dict[int, Type[exceptions.RequestException]] = {
    20: exceptions.ConnectionError,
    21: exceptions.ConnectionError,
    22: exceptions.ConnectTimeout,
    23: exceptions.ConnectionError,
    24: exceptions.ConnectionError,
    25: exceptions.SSLError,
    26: exceptions.SSLError,
    27: exceptions.ReadTimeout,
    28: exceptions.ConnectionError,  # what requests makes of a time-out while sending
    29: exceptions.ConnectionError,
    30: exceptions.ConnectionError,
    31: exceptions.ConnectionError,
    32: exceptions.ConnectionError,
    33: exceptions.ContentDecodingError,
    34: exceptions.TooManyRedirects,
    35: exceptions.InvalidURL,
    36: exceptions.MissingSchema,
    37: exceptions.InvalidSchema,
    38: exceptions.InvalidHeader,
}

MALFORMED = 31


def make_error(code: int, text: str, errno: Optional[int], session: Any, method: str,
               url: str) -> exceptions.RequestException:
    """The exception for engine error `code`; its text is the engine's, so that equal failures group."""
    cls = _CLASSES.get(abs(code), exceptions.RequestException)
    if abs(code) == MALFORMED and "chunk" in text:
        cls = exceptions.ChunkedEncodingError
    error = cls(text, request=bare_request(method, url))
    if errno:
        error.errno = errno
    return error


def bare_request(method: str, url: str) -> PreparedRequest:
    """A prepared request that says what was asked for and no more: for those that never got an answer."""
    request = PreparedRequest()
    request.method = method.upper()
    request.url = url
    request.headers = CaseInsensitiveDict()
    return request
