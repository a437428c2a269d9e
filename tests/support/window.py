"""A reviewer's program in this process, shown by a browser."""

from playwright.sync_api import Page, Route

from program import ORIGIN, Program


def show(window: Page, program: Program, path: str, *, reloads: bool = False) -> None:
    """What the program answers; with `reloads`, a page that looks again by itself does."""

    def answer(route: Route) -> None:
        address = route.request.url.removeprefix(ORIGIN)
        with program.browser.get(address, base_url=ORIGIN, follow_redirects=True) as given:
            headers = {name: value for name, value in given.headers if reloads or name != "Refresh"}
            route.fulfill(status=given.status_code, headers=headers, body=given.data)

    window.unroute_all()
    window.route("**/*", answer)
    window.goto(f"{ORIGIN}{program.place.path}{path}")
