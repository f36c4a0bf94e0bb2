"""What the uploads of both versions have in common: the site's rules, and where the files go."""

from typing import Any

from aiohttp import web

from .conversations import Activity, Conversation
from .errors import NOT_ALLOWED, SERVICE_ERROR, RefusedError, malformed, missing
from .site import Site
from .uploads import read_upload


async def take_files(
    site: Site, conversation: Conversation, request: web.Request, message_type: str
) -> tuple[list[dict[str, Any]], Activity | None]:
    """Keep an upload's files; returns them as attachments, and the message beside them.

    Raises RefusedError (400, 403, 500).
    """
    if not site.settings.uploads_enabled:
        raise RefusedError(403, NOT_ALLOWED, "Uploads are blocked for this bot")
    headers = request.headers
    upload = read_upload(
        headers.get("Content-Type", ""),
        headers.get("Content-Disposition", ""),
        await request.read(),
        message_type,
    )
    if not upload.files and upload.message is None:
        raise missing("file")
    if upload.message is not None and not isinstance(upload.message, dict):
        raise malformed("A message is a JSON object")
    if any(len(file.data) > site.settings.upload_limit for file in upload.files):
        raise RefusedError(500, SERVICE_ERROR, "")
    attachments = []
    for file in upload.files:
        attachment = {"contentType": file.content_type, "name": file.name}
        attachments.append(attachment | {"contentUrl": site.files.add(conversation.id, file)})
    return attachments, upload.message


async def download(site: Site, request: web.Request) -> web.Response:
    """Return an uploaded file to whoever has its link."""
    file = site.files.read(request.raw_path)
    return web.Response(body=file.data, headers={"Content-Type": file.content_type})
