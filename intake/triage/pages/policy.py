"""What browsers may load and do, by kind of answer (Content Security Policy). Nothing runs."""

PAGE = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
FILE_PAGE = f"{PAGE}; img-src 'self'; media-src 'self'"
"""Of the pages of files alone: pictures, sound and video that this program made."""
BYTES = "sandbox; default-src 'none'"
"""Of what is no page."""
