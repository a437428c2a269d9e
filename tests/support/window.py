"""A reviewer's program in this process, shown by a browser."""

from playwright.sync_api import Page, Route, expect

from program import ORIGIN, Program


def show(window: Page, program: Program, path: str, *, reloads: bool = False, places: bool = False) -> None:
    """What the program answers; with `reloads`, a page that looks again by itself does.

    With `places`, the browser itself goes where it is led, and so to the place on that page.
    """

    def answer(route: Route) -> None:
        asked = route.request
        with program.browser.open(
            asked.url.removeprefix(ORIGIN),
            method=asked.method,
            base_url=ORIGIN,
            data=asked.post_data_buffer,
            content_type=asked.headers.get("content-type"),
            follow_redirects=not places,
        ) as given:
            headers = {name: value for name, value in given.headers if reloads or name != "Refresh"}
            if 300 <= given.status_code < 400:
                # A browser that is led on by an answer that was put in its way asks nobody for the next one.
                route.fulfill(status=200, headers={"Refresh": f"0; url={given.headers['Location']}"}, body="")
                return
            route.fulfill(status=given.status_code, headers=headers, body=given.data)

    window.unroute_all()
    window.route("**/*", answer)
    window.goto(f"{ORIGIN}{program.place.path}{path}")


def enter_at(window: Page, place: str) -> None:
    """Press Enter, which leads to this place of a page, and wait until all of that page is here."""
    window.keyboard.press("Enter")
    wait_at(window, place)


def wait_at(window: Page, place: str) -> None:
    """Wait until all of a page is here whose address leads to this place of it: only then a key goes on from there."""
    expect(window.locator(f"#{place}:target")).to_have_count(1)
    window.wait_for_load_state()
