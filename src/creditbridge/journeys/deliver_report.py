"""A bank reads an enterprise's credit profile.

    admission -> consents -> ledger -> platforms -> profile -> ledger

1. The idempotency key is taken, or the outcome stored under it returned.
2. A pure rule decides on the consent as read; one statement takes a use where nothing changed.
3. The ledger holds the intent, or the refusal, before anything goes upstream.
4. Every platform is asked with a signed query; answers are verified and mapped to our sections.
5. The sections become one profile: merged, suppressed, flagged, sealed.
6. The ledger holds the delivery before a byte leaves, or the failure with its outcome.

Steps 1 to 3 share a transaction: a power cut leaves all of them or none. What ends a request,
refusal, failure or delivery, is kept under its idempotency key in the commit that records it.
"""
