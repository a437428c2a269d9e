"""What a form of a page sends along without anybody filling it in."""

import re
from html import unescape

_INPUT = re.compile(r"<input [^>]*>")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')


def hidden(page: str, action: str) -> dict[str, str]:
    """The hidden values of the form with this action."""
    form = page.partition(f'action="{action}"')[2].partition("</form>")[0]
    assert form, f"there is no form for {action}"
    return _values(form)


def tokens(page: str) -> dict[str, str]:
    """The tokens of a page of a reviewer's program: of its first form that has any."""
    values = _values(page)
    assert "csrf_token" in values
    return {name: values[name] for name in ("csrf_token", "form") if name in values}


def _values(part: str) -> dict[str, str]:
    """The hidden values in a part of a page; of two of one name, the first."""
    inputs = [dict(_ATTRIBUTE.findall(tag)) for tag in _INPUT.findall(part)]
    return {each["name"]: unescape(each.get("value", "")) for each in reversed(inputs) if each.get("type") == "hidden"}
