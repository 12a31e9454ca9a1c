"""Problem documents (RFC 9457) with a stable `code`, like those of the whole bank."""

from .exchange import Request, Response


class Problem(Exception):
    """An error that becomes a problem document."""

    def __init__(self, status: int, code: str, detail: str, errors=None, headers=None):
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers = errors, headers or {}

    @staticmethod
    def parameter(name: str, code: str, detail: str) -> "Problem":
        """422: a parameter is invalid."""
        errors = [{"pointer": f"/{name}", "code": code, "detail": detail}]
        return Problem(422, "validation_failed", "A parameter is invalid.", errors=errors)

    def response(self, request: Request) -> Response:
        document = {
            "type": f"urn:strongroom:problem:{self.code}",
            "title": self.code.replace("_", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            "instance": request.path,
            "code": self.code,
            "request_id": request.headers.get("x-request-id"),
        }
        if self.errors:
            document["errors"] = self.errors
        headers = {"content-type": "application/problem+json"} | self.headers
        return Response(self.status, document, headers)
