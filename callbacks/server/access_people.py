"""People who may sign in: added, changed and removed by owners. Each form takes the owner's own password."""

from flask import Response, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as Answer

from callbacks.server.account import judge
from callbacks.server.filled import Filled
from callbacks.server.signed_in import confirm, done, moments, myself, page
from callbacks.services import Services
from cgm_dash.access import Action, Role
from cgm_dash.errors import UsageError
from cgm_dash.i18n import _
from layouts import access_words
from sql.users import User

BACK = "/access"
EVERYONE = "all"
NAME_LIMIT = 80


class Pages:
    """The pages about one person each."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def new(self) -> Response:
        """Return the empty form."""
        return self._new_form(Filled(request.form))

    def add(self) -> Answer:
        """Add a person, or return the form with what is wrong with it."""
        filled, services = Filled(request.form), self._services
        name = filled.text("name", NAME_LIMIT)
        role, people = self._rights(filled)
        password = filled.secret("password")
        judge(filled, "password", name)
        if name and services.store.users.by_name(name) is not None:
            filled.fault("name", _("Somebody has this name already. Take another one."))
        if not confirm(services, filled):
            return self._new_form(filled)
        try:
            services.store.users.add(name, password, role, services.now(), people=people)
        except UsageError as exc:  # somebody was faster
            filled.fault("name", str(exc))
            return self._new_form(filled)
        services.note(Action.USER_ADDED, f"{name}, {role.value}")
        return done(BACK, "person-added")

    def one(self, key: int) -> Response:
        """Return what can be changed of a person."""
        return self._form(self._user(key), Filled(request.form))

    def change(self, key: int) -> Answer:
        """Change role and people."""
        user, filled = self._user(key), Filled(request.form)
        role, people = self._rights(filled)
        if not confirm(self._services, filled):
            return self._form(user, filled)
        try:
            self._services.store.users.change(user.id, role=role, people=people)
        except UsageError:
            filled.fault("role", _("There must be an owner left. Make somebody else one first."))
            return self._form(user, filled)
        self._services.note(Action.USER_CHANGED, f"{user.name}, {role.value}")
        return done(BACK, "person-changed")

    def set_password(self, key: int) -> Answer:
        """Set a new password, which signs the person out everywhere."""
        user, filled = self._user(key), Filled(request.form)
        password = filled.secret("password")
        judge(filled, "password", user.name)
        if not confirm(self._services, filled, "password_own"):
            return self._form(user, filled)
        self._services.store.users.set_password(user.id, password)
        self._services.note(Action.PASSWORD_CHANGED, user.name)
        return done(BACK, "password-set")

    def factor_off(self, key: int) -> Answer:
        """Take the second factor off."""
        user, filled = self._user(key), Filled(request.form)
        if not confirm(self._services, filled, "factor_own"):
            return self._form(user, filled)
        self._services.store.users.set_totp(user.id, None)
        self._services.note(Action.SECOND_FACTOR_OFF, user.name)
        return done(BACK, "factor-off")

    def end_sessions(self, key: int) -> Answer:
        """Sign the person out everywhere."""
        user = self._user(key)
        self._services.store.sessions.end_all_of(user.id)
        self._services.note(Action.SESSION_ENDED, user.name)
        return done(BACK, "signed-out")

    def remove(self, key: int) -> Answer:
        """Remove the person's sign-in."""
        user, filled = self._user(key), Filled(request.form)
        if not confirm(self._services, filled, "remove_own"):
            return self._form(user, filled)
        try:
            self._services.store.users.remove(user.id)
        except UsageError:
            filled.fault("remove_own", _("There must be an owner left. Make somebody else one first."))
            return self._form(user, filled)
        self._services.note(Action.USER_REMOVED, user.name)
        return done(BACK, "person-removed")

    def _user(self, key: int) -> User:
        user = self._services.store.users.get(key)
        if user is None:
            raise NotFound
        return user

    def _rights(self, filled: Filled) -> tuple[Role, tuple[int, ...] | None]:
        """Return role and people as chosen; who is None for everyone, as an owner always sees everyone."""
        word = filled.one_of("role", [role.value for role in Role])
        role = Role(word) if word else Role.VIEWER
        if role is Role.OWNER:
            return role, None
        ids = filled.some_of("people", [EVERYONE, *(str(person.id) for person in self._services.people())])
        return role, None if EVERYONE in ids else tuple(int(id_) for id_ in ids)

    def _people(self) -> list[tuple[str, str]]:
        people = [(str(person.id), person.name) for person in self._services.people()]
        return [(EVERYONE, _("Everyone, also those to come")), *people]

    def _new_form(self, filled: Filled) -> Response:
        return page(
            self._services,
            "person_new.html",
            400 if filled.faults else 200,
            filled=filled,
            faults=filled.faults,
            roles=access_words.role_options(),
            people=self._people(),
        )

    def _form(self, user: User, filled: Filled) -> Response:
        sent = bool(request.form.getlist("role"))
        chosen = [EVERYONE] if user.sees_all or user.role is Role.OWNER else [str(id_) for id_ in user.people]
        sessions = self._services.store.sessions.of_user(user.id, self._services.now())
        return page(
            self._services,
            "person.html",
            400 if filled.faults else 200,
            user=user,
            is_me=user.id == myself(self._services).user_id,
            faults=filled.faults,
            roles=access_words.role_options(),
            people=self._people(),
            role=filled.kept("role") if sent else user.role.value,
            chosen=filled.all_kept("people") if sent else chosen,
            sessions=len([session for session in sessions if not session.half]),
            moment=moments(self._services),
        )
