"""A page of a conversation, and the watermark that leads to the next."""

from collections.abc import Callable

from .conversations import Activity, Conversation
from .site import Site


def read_page(
    site: Site, conversation: Conversation, mark: str | None, wanted: Callable[[Activity], bool]
) -> tuple[list[Activity], str]:
    """Return what follows a watermark, and the next; `wanted`: what the version returns at all.

    Raises RefusedError (400).
    """
    settings = site.settings
    start = place = conversation.place(mark)
    size = site.faults.length(settings.page_size) if settings.odd_pages else settings.page_size
    page: list[Activity] = []
    while len(page) < size:
        found, place = conversation.since(place, size - len(page))
        if not found:
            break
        page += filter(wanted, found)
    if page and settings.duplicates:
        before, _ = conversation.since(start - 1, 1)
        page = [*filter(wanted, before), *page, page[-1]]
    return page, conversation.mark(conversation.fallen_back(place, settings.watermark_back))
