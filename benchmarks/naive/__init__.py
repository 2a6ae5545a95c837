"""The naive composition: the same main job, put together the ordinary way.

litestar on uvicorn, `http-message-signatures` for signed messages, `joserfc` for what is signed
otherwise, one default `httpx.AsyncClient` for the platform, one asyncpg pool, one commit per row.
No ledger, no tree, no openings, no suppression: it does less than the gateway does.
"""
