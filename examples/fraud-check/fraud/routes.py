"""The calls below /api/<service>, all for the bank's staff."""

from dataclasses import asdict

from . import history
from .exchange import Request, Response
from .problem import Problem
from .rules import Rules

#: Not `customer`: a customer who knows the rules can avoid them.
STAFF = {"teller", "auditor", "admin"}
LIMIT_DEFAULT, LIMIT_MAX = 50, 500


def get_rules(_store, rules: Rules, query: dict[str, str]) -> dict:
    """`GET /rules`."""
    refuse_others(query, ())
    return rules.as_json()


def get_judgements(store, _rules: Rules, query: dict[str, str]) -> dict:
    """`GET /judgements?limit=&cursor=`, newest first."""
    refuse_others(query, ("limit", "cursor"))
    limit = number(query, "limit", 1, LIMIT_MAX) or LIMIT_DEFAULT
    # One more than the page has, to know whether there is a next one.
    found = history.newest(store, number(query, "cursor", 1, 2**63 - 1), limit + 1)
    page, has_more = found[:limit], len(found) > limit
    return {
        "data": [asdict(judgement) for judgement in page],
        "next_cursor": str(page[-1].sequence) if has_more else None,
        "has_more": has_more,
    }


ROUTES = {"/rules": get_rules, "/judgements": get_judgements}


def answer(store, rules: Rules, request: Request) -> Response:
    try:
        route = ROUTES.get(without_service(request.path))
        if route is None:
            raise Problem(404, "not_found", "There is nothing here.")
        if request.method not in ("GET", "HEAD"):
            detail = "This path does not have that method; the allow header lists its methods."
            raise Problem(405, "method_not_allowed", detail, headers={"allow": "GET,HEAD"})
        if request.headers.get("x-strongroom-role") not in STAFF:
            raise Problem(403, "forbidden", "Your role may not do this.")
        return Response(200, route(store, rules, once(request.query)))
    except Problem as problem:
        return problem.response(request)


def without_service(path: str) -> str:
    """The path without its first two segments: the registry may give the service any name."""
    return "/" + "/".join(path.split("/")[3:])


def once(query: list[tuple[str, str]]) -> dict[str, str]:
    for name, _ in query:
        if [other for other, _ in query].count(name) > 1:
            raise Problem.parameter(name, "duplicate_field", "occurs twice")
    return dict(query)


def refuse_others(query: dict[str, str], names: tuple[str, ...]) -> None:
    for name in query:
        if name not in names:
            raise Problem.parameter(name, "unknown_field", "is not a parameter of this call")


def number(query: dict[str, str], name: str, lowest: int, highest: int) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 19 and lowest <= int(text) <= highest:
        return int(text)
    raise Problem.parameter(name, "invalid", f"must be a whole number from {lowest} to {highest}")
