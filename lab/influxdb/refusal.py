"""How InfluxDB 2 says no: a status, a code and a message as JSON."""

import json

STATUS = {
    "invalid": 400,
    "empty value": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not found": 404,
    "method not allowed": 405,
    "request too large": 413,
    "unprocessable entity": 422,
    "conflict": 422,
    "too many requests": 429,
    "internal error": 500,
    "not implemented": 501,
    "unavailable": 503,
}
"""HTTP status by code (kit/transport/http/error_handler.go of InfluxDB 2.9)."""


class Refused(Exception):
    """A request that is answered with an error; `code` is one of `STATUS`."""

    def __init__(self, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = STATUS[code]
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    @property
    def body(self) -> bytes:
        return json.dumps({"code": self.code, "message": str(self)}).encode()
