"""What the log holds of a signed request, for a server that logs what its desk would not have taken."""

import base64

import httpx

from crypto.note import SigningKey


def signature_of(request: httpx.Request, key: SigningKey) -> tuple[str, bytes]:
    """The signature base of a signed request, as RFC 9421 composes it, and the signature."""
    covered = request.headers["Signature-Input"].removeprefix("intake=")
    values = {
        "@method": request.method,
        "@authority": request.url.netloc.decode(),
        "@path": request.url.path,
        "@query": f"?{request.url.query.decode()}",
        "content-digest": request.headers["Content-Digest"],
        "@signature-params": covered,
    }
    base = "\n".join(f'"{name}": {value}' for name, value in values.items())
    signature = key.sign_bytes(base.encode())
    assert base64.b64encode(signature).decode() in request.headers["Signature"]
    return base, signature
