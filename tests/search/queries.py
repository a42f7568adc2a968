"""Fifty queries and the document that each must find first, written down before there was a search to ask.

The documents are in tests/search/corpus.py. A query is what a person types: names with hyphens, half a word, numbers,
an error code, a sentence, a word in quotes, a word too many. Owns nothing but the expectation.
"""

from __future__ import annotations

#: Query → (kind, key) of the document that must stand first.
QUERIES: dict[str, tuple[str, str]] = {
    # names, whole and in part
    "order-fulfilment": ("workflow", "order-fulfilment"),
    "order fulfilment": ("workflow", "order-fulfilment"),
    "Order-Fulfilment": ("workflow", "order-fulfilment"),
    "order-ful": ("workflow", "order-fulfilment"),
    "payments-slow": ("runbook", "payments-slow"),
    "payments slow": ("runbook", "payments-slow"),
    "inventory-503": ("runbook", "inventory-503"),
    "nightly-settlement": ("workflow", "nightly-settlement"),
    "nightly settle": ("workflow", "nightly-settlement"),
    "customer onboarding": ("workflow", "customer-onboarding"),
    "payment.receipt": ("contract", "payment.receipt"),
    "order.placed": ("contract", "order.placed"),
    "order.pla": ("contract", "order.placed"),
    "order-fulfilment.success": ("objective", "order-fulfilment.success"),
    "warehouse": ("team", "warehouse"),
    "inventory": ("dependency", "inventory"),
    "shipping": ("dependency", "shipping"),
    # numbers
    "ADR 12": ("decision", "12"),
    "adr-0012": ("decision", "12"),
    "decision 12": ("decision", "12"),
    "decision 3": ("decision", "3"),
    "change 41": ("change", "41"),
    "alert 7": ("alert", "7"),
    # error codes and words of the trade
    "http.503": ("runbook", "inventory-503"),
    "402 declined": ("dependency", "payments"),
    "idempotency key": ("decision", "3"),
    "idempotency keys": ("decision", "3"),
    "two-phase commit": ("decision", "2"),
    "saga": ("decision", "2"),
    "outbox": ("decision", "21"),
    "circuit breaker": ("decision", "9"),
    "dead letter": ("runbook", "dead-letters"),
    "clock skew": ("runbook", "clock-skew"),
    "time zones": ("decision", "14"),
    "time zone": ("decision", "14"),
    "feature flags": ("decision", "17"),
    "canary": ("decision", "18"),
    "gift cards": ("workflow", "gift-card-refund"),
    # what people write when something is wrong
    "orders are stuck": ("runbook", "fulfilment-stuck"),
    "how do I rotate the signing key": ("runbook", "rotate-signing-key"),
    "disk is full": ("runbook", "disk-full"),
    "refund failed": ("runbook", "refund-failed"),
    "what to do when the payment provider is slow": ("runbook", "payments-slow"),
    "certificate expired": ("runbook", "certificate-expired"),
    # quotes, and a word that must not be there
    '"settle at night"': ("decision", "4"),
    '"one transaction per order"': ("decision", "1"),
    "settlement -workflow -nightly": ("runbook", "settlement-late"),
    # in force before superseded, the newer of two alike, letters with marks
    "retry budget": ("decision", "23"),
    "postmortem template": ("decision", "31"),
    "zurich warehouse": ("dependency", "shipping-zurich"),
}
