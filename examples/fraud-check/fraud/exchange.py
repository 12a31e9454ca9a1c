"""A request and its response, as plain values."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]


@dataclass(frozen=True)
class Response:
    status: int
    body: dict
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
