"""A browser without scripts for plain pages: follows links, and fills in forms as they stand on the page."""

from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Tag
from flask import Flask
from werkzeug.test import TestResponse

from callbacks.services import Services
from cgm_dash.access import Role
from sql.users import User

PASSWORD = "four words in a row"
COOKIE = "cgm_session"
OURS = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document", "Accept": "text/html"}


class PlainClient:
    """Keeps cookies and the page at hand."""

    def __init__(self, server: Flask, agent: str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0") -> None:
        self.flask = server.test_client()
        self.flask.delete_cookie(COOKIE)
        self.agent = agent
        self.page = BeautifulSoup("", "lxml")
        self.status = 0

    def sign_in(self, services: Services, user: User, at: float | None = None) -> "PlainClient":
        """Give the browser a session of *user*, begun at *at* (UTC epoch seconds), now where that is None."""
        began = services.now() if at is None else at
        id_ = services.store.sessions.open(began, user_id=user.id, address="192.0.2.7", agent=self.agent)
        self.flask.set_cookie(COOKIE, id_)
        return self

    @property
    def cookie(self) -> str:
        """The session's id, "" for none."""
        found = self.flask.get_cookie(COOKIE)
        return found.value if found else ""

    def get(self, path: str, follow: bool = True) -> TestResponse:
        """Open an address."""
        return self._read(self.flask.get(path, headers=self._headers(), follow_redirects=follow))

    def post(self, path: str, data: dict[str, Any], follow: bool = True, site: str = "same-origin") -> TestResponse:
        """Send a form that no page had. site: what the browser says of where it stood."""
        given = {**self._headers(), "Sec-Fetch-Site": site}
        return self._read(self.flask.post(path, data=data, headers=given, follow_redirects=follow))

    def fill(self, action: str, /, *, follow: bool = True, **values: Any) -> TestResponse:
        """Fill in and send the form of the page that leads to *action*; fields that are not named stand as they are."""
        form = self.form(action)
        data: dict[str, list[str]] = {}
        for field in form.select("input[name], select[name]"):
            for value in _stands(field):
                data.setdefault(str(field["name"]), []).append(value)
        data |= {name: value if isinstance(value, list) else [value] for name, value in values.items()}
        return self.post(action, data, follow)

    def form(self, action: str) -> Tag:
        """Return the one form that leads there; one without an action leads to the page itself."""
        forms = [f for f in self.page.select("form[method=post]") if f.get("action", action) == action]
        assert len(forms) == 1, [f.get("action") for f in self.page.select("form")]
        return forms[0]

    @property
    def text(self) -> str:
        """All words of the page."""
        return " ".join(self.page.get_text(" ").split())

    @property
    def faults(self) -> dict[str, str]:
        """The words beside each field that is wrong, by its name; each must be tied to its field."""
        found = {}
        for field in self.page.select("[aria-invalid]"):
            said = [self.page.select_one(f"#{id_}") for id_ in str(field["aria-describedby"]).split()]
            words = [one.get_text() for one in said if one is not None and "fault" in one.get_attribute_list("class")]
            assert len(words) == 1
            found[str(field["name"])] = words[0]
        return found

    def _headers(self) -> dict[str, str]:
        return {**OURS, "User-Agent": self.agent}

    def _read(self, response: TestResponse) -> TestResponse:
        self.status = response.status_code
        if response.mimetype == "text/html":
            self.page = BeautifulSoup(response.get_data(as_text=True), "lxml")
        return response


def _stands(field: Tag) -> list[str]:
    """Return what a browser would send for *field* as it stands."""
    if field.name == "select":
        options = field.select("option[selected]") or field.select("option")[:1]
        return [str(option.get("value", "")) for option in options]
    if field.get("type") in ("checkbox", "radio") and not field.has_attr("checked"):
        return []
    return [str(field.get("value", ""))]


def owner(services: Services, name: str = "Ada") -> User:
    """Add an owner."""
    return services.store.users.add(name, PASSWORD, Role.OWNER, services.now(), people=None)
