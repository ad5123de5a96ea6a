"""Photos for pages and shops: bytes that never change, passed through or read from the bucket itself.

A whole photo of a bucket may be answered with a redirect to an address that the bucket's own service serves,
signed for some time; thumbnails are drawn here. What a client holds already is not read again: the ETag is
the photo's name.
"""

from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from bowerbird.serving.front import Front

A_YEAR = "public, max-age=31536000, immutable"
_ANY_PHOTO = "0" * 64


def photo_reply(front: Front, request: Request, content_hash: str, size: int | None) -> Response:
    """The photo, or word that the client has it, or where it is.

    Raises:
        NotFoundError: no such photo is stored, or it may not be seen.
        InputError: a size that is not offered.
        UnavailableError: the store does not answer.
    """
    front.check_photo(content_hash)
    seconds = front.settings.photos.signed_seconds
    if seconds and size is None:
        # A browser that kept the redirect for longer would follow it to an address that has run out.
        headers = {"Cache-Control": f"private, max-age={seconds // 2}"}
        return RedirectResponse(front.engine.photo_store.signed_url(content_hash, seconds), 307, headers)
    tag = f'"{content_hash}"' if size is None else f'"{content_hash}-{size}"'
    headers = {"Cache-Control": A_YEAR, "ETag": tag}
    if tag in request.headers.get("if-none-match", "") and content_hash in front.engine.photo_store:
        return Response(status_code=304, headers=headers)
    return Response(front.photo(content_hash, size), media_type="image/jpeg", headers=headers)


def photo_origin(front: Front) -> str:
    """Where browsers are sent for whole photos, such as https://bucket.example; '' where they are not.

    Raises:
        InputError: the addresses of the photos cannot be signed.
    """
    seconds = front.settings.photos.signed_seconds
    if not seconds:
        return ""
    signed = urlsplit(front.engine.photo_store.signed_url(_ANY_PHOTO, seconds))
    return f"{signed.scheme}://{signed.netloc}"
