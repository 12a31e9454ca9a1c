"""Hooks of schemathesis (SCHEMATHESIS_HOOKS): requests name objects that are there, and no customer
reads those of another one.

STRONGROOM_OBJECTS has the ids of each customer's objects by their kind, as JSON:
{"customer": {"accounts": [..], ..}, "neighbour": {..}}
"""

import json
import os
import uuid
import zlib

import schemathesis

OBJECTS = json.loads(os.environ["STRONGROOM_OBJECTS"])
# The kind of object that a path names: the first that fits.
KINDS = [
    ("/api/accounts/user/", "users"),
    ("/api/auth/users/", "users"),
    ("/api/accounts/", "accounts"),
    ("/api/transactions/holds/", "holds"),
    ("/api/transactions/schedules/", "schedules"),
    ("/api/transactions/", "transactions"),
]


def known(kind, generated):
    """An id of any customer's object in the place of a generated one, or that one."""
    ids = [id for objects in OBJECTS.values() for id in objects[kind]]
    place = zlib.crc32(str(generated).encode()) % (len(ids) + 1)
    return ids[place] if place < len(ids) else generated


def is_id(value):
    try:
        uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        return False
    return True


def replace(parameters, names, kind):
    for name in names:
        if parameters and is_id(parameters.get(name)):
            parameters[name] = known(kind, parameters[name])
    return parameters


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    path = context.operation.path
    kinds = (kind for prefix, kind in KINDS if path.startswith(prefix))
    return replace(path_parameters, ["id", "user_id"], next(kinds, "accounts"))


@schemathesis.hook
def map_query(context, query):
    query = replace(query, ["owner_id", "user_id"], "users")
    return replace(query, ["account_id"], "accounts")


@schemathesis.hook
def map_headers(context, headers):
    """Users act for nobody else: with this header, each of their calls is 403."""
    if headers:
        headers.pop("x-on-behalf-of", None)
    return headers


@schemathesis.check
def no_foreign_object(ctx, response, case):
    """What a customer reads has no id of another customer's object."""
    if case.method != "GET" or response.status_code >= 300 or case.auth_identity not in OBJECTS:
        return
    foreign = (objects for name, objects in OBJECTS.items() if name != case.auth_identity)
    for objects in foreign:
        for ids in objects.values():
            for id in ids:
                assert id not in response.text, f"{case.auth_identity} reads {id}"
