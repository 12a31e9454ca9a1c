"""The service's SQL store: `strongroom:store/sql` with Python's own values."""

from wit_world.imports import sql


class HostStore:
    """The store that the host gives to this service."""

    def query(self, statement: str, *parameters) -> list[list]:
        """Reads durable data."""
        return _rows(sql.query(statement, _values(parameters)))

    def begin(self) -> "HostTransaction":
        """Waits for the writer, and begins a transaction."""
        return HostTransaction(sql.Transaction.begin())


class HostTransaction:
    """A write transaction; without a commit, it rolls back."""

    def __init__(self, transaction: sql.Transaction):
        self._transaction = transaction

    def __enter__(self) -> "HostTransaction":
        return self

    def __exit__(self, *exception) -> None:
        if self._transaction:
            self._transaction.__exit__(*exception)

    def execute(self, statement: str, *parameters) -> int:
        return self._transaction.execute(statement, _values(parameters))

    def query(self, statement: str, *parameters) -> list[list]:
        return _rows(self._transaction.query(statement, _values(parameters)))

    def commit(self) -> None:
        """Returns when the changes are on disk."""
        transaction, self._transaction = self._transaction, None
        sql.Transaction.commit(transaction)


def _values(parameters) -> list[sql.Value]:
    return [_value(parameter) for parameter in parameters]


def _value(parameter) -> sql.Value:
    match parameter:
        case None:
            return sql.Value_Null()
        case int():
            return sql.Value_Integer(parameter)
        case str():
            return sql.Value_Text(parameter)
        case _:
            raise TypeError(f"{type(parameter).__name__} is no value of this store")


def _rows(rows: list[list[sql.Value]]) -> list[list]:
    def plain(value):
        return None if isinstance(value, sql.Value_Null) else value.value

    return [[plain(value) for value in row] for row in rows]
