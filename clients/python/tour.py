"""The tour of the bank's README: ``python tour.py URL ADMIN_PASSWORD``."""

import sys
import uuid
from datetime import datetime, timezone
from typing import Any

from strongroom import Login, connect
from strongroom_api.api.accounts import (
    accounts_account,
    accounts_balance,
    accounts_entries,
    accounts_open,
)
from strongroom_api.api.auth import auth_log_out, auth_me, auth_register
from strongroom_api.api.transactions import (
    transactions_capture,
    transactions_deposit,
    transactions_hold,
    transactions_list,
    transactions_reverse,
    transactions_send,
    transactions_transaction,
    transactions_transfer,
)
from strongroom_api.models import (
    CaptureRequest,
    Cash,
    NewAccount,
    NewAccountType,
    NewHold,
    Payment,
    Problem,
    Registration,
    ReverseRequest,
)

url, password = sys.argv[1:3]
run = uuid.uuid4()


def done(answer: Any) -> Any:
    """What a call returns, which must not be refused."""
    assert answer is not None and not isinstance(answer, Problem), answer
    return answer


def check(found: object, expected: object) -> None:
    assert found == expected, f"{found!r} is not {expected!r}"


# Two customers register, and open an account each.
anyone = connect(url)
anns = Login(f"ann-{run}@example.com", "quiet river under stones")
bobs = Login(f"bob-{run}@example.com", "seven green umbrellas")
for login in (anns, bobs):
    done(auth_register.sync(client=anyone, body=Registration(login.email, login.password)))
ann, bob = connect(url, anns), connect(url, bobs)
admin = connect(url, Login("admin@strongroom.local", password))
checking = NewAccount(type_=NewAccountType.CHECKING, currency="EUR")
anns_account = done(accounts_open.sync(client=ann, body=checking)).id
bobs_account = done(accounts_open.sync(client=bob, body=checking)).id

# Ann pays in cash at the counter, and sends some of it to Bob, once.
cash = Cash(account_id=anns_account, amount="100.00", currency="EUR")
done(transactions_deposit.sync(client=admin, body=cash, idempotency_key=f"deposit-{run}"))
rent = Payment(
    from_account_id=anns_account,
    to_account_id=bobs_account,
    amount="12.34",
    currency="EUR",
    reference="rent",
)
sent, again = (
    transactions_send.sync_detailed(client=ann, body=rent, idempotency_key=f"rent-{run}")
    for _ in range(2)
)
check("idempotency-replayed" in sent.headers, False)
check(again.headers["idempotency-replayed"], "true")
check(again.content, sent.content)

# Both look at their accounts.
check(done(accounts_balance.sync(anns_account, client=ann)).balance, "87.66")
entries = done(accounts_entries.sync(bobs_account, client=bob)).data
check([entry.balance_after for entry in entries], ["12.34"])
check(len(done(transactions_list.sync(client=bob, account_id=bobs_account)).data), 1)

# Bob cannot see Ann's account, and cannot send more than he has.
check(accounts_account.sync(anns_account, client=bob).code, "not_found")
too_much = Payment(
    from_account_id=bobs_account, to_account_id=anns_account, amount="1000.00", currency="EUR"
)
refused = transactions_transfer.sync(client=bob, body=too_much, idempotency_key=f"too-much-{run}")
check(refused.code, "insufficient_funds")

# Ann holds 40.00 for Bob, and captures 25.00 of it.
held = NewHold(
    from_account_id=anns_account,
    to_account_id=bobs_account,
    amount="40.00",
    currency="EUR",
    expires_in=3600,
)
hold_id = done(transactions_hold.sync(client=ann, body=held, idempotency_key=f"hold-{run}")).id
check(done(accounts_balance.sync(anns_account, client=ann)).available, "47.66")
part = CaptureRequest(amount="25.00")
done(transactions_capture.sync(hold_id, client=ann, body=part, idempotency_key=f"capture-{run}"))
check(done(transactions_transaction.sync(hold_id, client=ann)).captured_amount, "25.00")

# Staff reverse the rent, which Ann sent in error.
why = ReverseRequest(reference="sent in error")
done(
    transactions_reverse.sync(
        sent.parsed.id, client=admin, body=why, idempotency_key=f"reverse-{run}"
    )
)
check(done(transactions_transaction.sync(sent.parsed.id, client=ann)).status, "reversed")

# Ann's statement shows all of it. The generated call reads JSON alone; this is how to get CSV.
first = datetime.now(timezone.utc).strftime("%Y-%m-01")
path, period = f"/api/accounts/{anns_account}/statement", {"from": first, "format": "csv"}
lines = ann.get_httpx_client().get(path, params=period).text
assert ",closing_balance,,,EUR,75.00," in lines, lines

# A logout ends the token at once. The client logs in again for the next call.
check(auth_log_out.sync_detailed(client=bob).status_code, 204)
check(done(auth_me.sync(client=bob)).email, bobs.email)
print("the tour is over")
