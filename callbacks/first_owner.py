"""How a new installation gets its first owner: by a setting, or by a secret that whoever starts the server can read."""

from callbacks.services import Services
from cgm_dash.access import OPERATOR, Action
from cgm_dash.errors import StoreError, UsageError
from sql import schema_is_current

NAME = "owner"
"""What the first owner is called whose password stands in the settings."""


def ensure_first_owner(services: Services) -> str | None:
    """See to it that somebody can become the first owner; return what to tell who starts the server, None for nothing.

    With CGM_DASH_OWNER_PASSWORD the owner is made. Else a new set-up secret is, and the one before it is void. Nothing
    is done in the demo, nor where there is an owner. While the database cannot be worked with it is put off.
    """
    if services.demo:
        return None
    store = services.store
    try:
        if not schema_is_current(store.engine):
            services.ready()
        if store.users.any_owner():
            return None
        secret = store.setup_secret.renew(services.now())
        if secret is None:
            return None
        password = services.settings.owner_password
        return _told(services, secret) if password is None else _made(services, password, secret)
    except StoreError as exc:
        return (
            f"whether there is an owner cannot be seen now ({exc}); the next start makes a set-up secret if there is"
            " none, and cgm-dash user add NAME --role owner works any time"
        )


def _made(services: Services, password: str, secret: str) -> str | None:
    try:
        owner = services.store.users.add_first_owner(NAME, password, secret, services.now())
    except UsageError as exc:
        return f"CGM_DASH_OWNER_PASSWORD: no owner was made: {exc} Or use cgm-dash user add NAME --role owner"
    if owner is None:  # another start was faster
        return None
    services.store.audit.note(services.now(), OPERATOR.label, Action.OWNER_CREATED, about=NAME)
    return f"'{NAME}' can sign in now, with the password of CGM_DASH_OWNER_PASSWORD, which can be removed"


def _told(services: Services, secret: str) -> str:
    settings = services.settings
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104  only compared
    address = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/setup"
    return (
        f"there is no owner yet. To become the owner open {address} and enter the set-up secret\n\n"
        f"    {secret}\n\n"
        "It works once. Each start makes a new one, and the one before it is void, until there is an owner.\n"
        "cgm-dash user add NAME --role owner does the same."
    )
