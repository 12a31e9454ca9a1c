"""The rules, as the registry's `config` has them."""

import re
from dataclasses import dataclass

AMOUNT_PREFIX = "amount_minor_max_"
#: The largest `payments_max`: a larger one would make the count of a window slow.
PAYMENTS_MAX = 10_000
WINDOW_SECONDS_MAX = 30 * 24 * 3_600


@dataclass(frozen=True)
class Rules:
    """The limits that a payment must keep."""

    #: Accounts, by id or IBAN, that can neither pay nor be paid.
    blocked_accounts: frozenset[str]
    #: The largest payment out of an account, in minor units, by currency. Others have no limit.
    amount_minor_max: dict[str, int]
    #: The most payments out of one account within the window; None is no limit.
    payments_max: int | None
    window_seconds: int

    @staticmethod
    def read(pairs: list[tuple[str, str]]) -> "Rules":
        """Reads the pairs of a configuration. A ValueError names the first wrong key."""
        blocked, amounts, payments, window = frozenset(), {}, None, 600
        for key, value in pairs:
            if key == "blocked_accounts":
                parts = [part for part in value.split(",") if part.strip()]
                blocked = frozenset(_account(key, part) for part in parts)
            elif key == "payments_max":
                payments = _integer(key, value, 1, PAYMENTS_MAX)
            elif key == "window_seconds":
                window = _integer(key, value, 1, WINDOW_SECONDS_MAX)
            elif re.fullmatch(AMOUNT_PREFIX + "[A-Z]{3}", key):
                amounts[key.removeprefix(AMOUNT_PREFIX)] = _integer(key, value, 1, 10**15)
            else:
                raise ValueError(
                    f"config key `{key}` is not known; there are: blocked_accounts, payments_max, "
                    f"window_seconds, {AMOUNT_PREFIX}EUR and the same for each other currency"
                )
        return Rules(blocked, amounts, payments, window)

    def as_json(self) -> dict:
        return {
            "blocked_accounts": sorted(self.blocked_accounts),
            "amount_minor_max": dict(sorted(self.amount_minor_max.items())),
            "payments_max": self.payments_max,
            "window_seconds": self.window_seconds,
        }


def _integer(key: str, text: str, lowest: int, highest: int) -> int:
    if re.fullmatch("[0-9]{1,16}", text) and lowest <= int(text) <= highest:
        return int(text)
    raise ValueError(f"config key `{key}` must be a whole number from {lowest} to {highest}")


def _account(key: str, text: str) -> str:
    account = text.strip()
    if re.fullmatch("[0-9a-f-]{36}|[A-Z0-9]{5,34}", account):
        return account
    raise ValueError(f"config key `{key}` must be ids and IBANs, separated by commas")
