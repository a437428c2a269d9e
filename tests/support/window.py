"""A reviewer's program in this process, shown by a browser."""

from playwright.sync_api import Page, Route

from program import ORIGIN, Program


def show(window: Page, program: Program, path: str, *, reloads: bool = False) -> None:
    """What the program answers; with `reloads`, a page that looks again by itself does."""

    def answer(route: Route) -> None:
        asked = route.request
        with program.browser.open(
            asked.url.removeprefix(ORIGIN),
            method=asked.method,
            base_url=ORIGIN,
            data=asked.post_data_buffer,
            content_type=asked.headers.get("content-type"),
            follow_redirects=True,
        ) as given:
            headers = {name: value for name, value in given.headers if reloads or name != "Refresh"}
            route.fulfill(status=given.status_code, headers=headers, body=given.data)

    window.unroute_all()
    window.route("**/*", answer)
    window.goto(f"{ORIGIN}{program.place.path}{path}")
