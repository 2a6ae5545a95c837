"""The keys of clients in tests of journeys: registered, so that nothing is fetched."""


async def no_fetch(client_id: str) -> None:
    """Fetch nothing: no client here publishes its keys itself."""
