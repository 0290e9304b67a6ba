"""The served app with two more addresses, for tests of what a page's form does inside a worker of the real server."""

import time

from flask import Flask, request

import app
from callbacks import cross_site

server: Flask = app.server


def connect() -> str:
    """Connect the account in the form; the answer says whether the server restarts by itself."""
    form = request.form
    return str(app.composition().services.connect(form["email"], form["password"]))


def disconnect() -> str:
    return str(app.composition().services.disconnect())


def token() -> str:
    """Return what a form must carry."""
    return cross_site.form_token()


def slowly() -> str:
    """Answer after two seconds: a request that is under way while the workers are replaced."""
    time.sleep(2)
    return "answered"


server.add_url_rule("/test/connect", "test-connect", connect, methods=["POST"])
server.add_url_rule("/test/disconnect", "test-disconnect", disconnect, methods=["POST"])
server.add_url_rule("/test/token", "test-token", token)
server.add_url_rule("/test/slowly", "test-slowly", slowly)
