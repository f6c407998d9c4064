# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patroni's REST API, with the standard library only; no error holds a secret."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
from collections.abc import Mapping
from typing import Any, Optional
from urllib import error, request
from urllib.parse import urlsplit

from ..errors import AccessError, InputError
from .patroni_local import Local
from .patroni_model import Api, Option

SECONDS = 10.0
CONFLICT = 409
ATTEMPTS = 5
PAUSE = 0.5
UNREACHABLE = (OSError, http.client.HTTPException, ValueError)
WHY = {
    401: "it wants another user name and password: give patroni.username and patroni.password",
    403: "it doesn't let this address, or a client without a certificate, change anything: see restapi.allowlist, or "
    "give patroni.client_cert",
    409: "somebody else changes the configuration at the same time: run this again",
    502: "it can't reach its configuration store",
    503: "it has no configuration, or can't reach its configuration store",
}


class NoRedirect(request.HTTPRedirectHandler):
    """Follow nobody anywhere: the password would go along."""

    def redirect_request(self, *_arguments: Any) -> None:
        """Refuse."""


def api_of(local: Optional[Local], option: Option) -> Api:
    """Give the REST API of a configuration; what the option says wins."""
    url = option.url or url_of(local)
    checked_url(url)
    account, ctl = (local.section("restapi", "authentication"), local.section("ctl")) if local else ({}, {})
    found = {name: str(account.get(name) or "") for name in ("username", "password")}
    insecure = str(ctl.get("insecure") or "").lower() in ("true", "on", "yes", "1")
    return Api(
        url.rstrip("/"),
        option.username or found["username"],
        option.password if option.password is not None else type(Api("").password)(found["password"]),
        option.ca_cert or str(ctl.get("cacert") or (local.text("restapi", "cafile") if local else "")),
        option.client_cert or str(ctl.get("certfile") or ""),
        option.client_key or str(ctl.get("keyfile") or ""),
        option.validate_certs if option.validate_certs is not None else not insecure,
    )


def url_of(local: Optional[Local]) -> str:
    """Give the address that a member tells the others."""
    address = local and (local.text("restapi", "connect_address") or local.text("restapi", "listen"))
    if not local or not address:
        raise AccessError("the configuration of Patroni names no REST API (restapi.connect_address): give patroni.url")
    return f"{'https' if local.text('restapi', 'certfile') else 'http'}://{address}"


def checked_url(url: str) -> None:
    """Refuse what isn't a URL of HTTP, or has a password in it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError("patroni.url isn't a URL: give one such as https://10.0.0.1:8008")
    if parts.username is not None or parts.password is not None:
        raise InputError("patroni.url holds a user name or password: give patroni.username and patroni.password")


def read_shared(api: Api) -> Mapping[str, Any]:
    """Read the configuration that all members share."""
    found = ask(api, "GET", "/config")
    if not isinstance(found, dict):
        raise AccessError(f"the answer of {api.url}/config isn't Patroni's: look at patroni.url")
    return found


def change_shared(api: Api, section: Mapping[str, Any]) -> None:
    """Change keys of ``postgresql`` in the configuration that all members share; null removes one."""
    for _attempt in range(ATTEMPTS - 1):
        if not in_conflict(api, section):
            return
        time.sleep(PAUSE)
    ask(api, "PATCH", "/config", {"postgresql": dict(section)})


def in_conflict(api: Api, section: Mapping[str, Any]) -> bool:
    """Send a change, and tell whether somebody else was at it."""
    try:
        ask(api, "PATCH", "/config", {"postgresql": dict(section)})
    except Refused as refused:
        if refused.status != CONFLICT:
            raise
        return True
    return False


def reload(api: Api) -> None:
    """Let the member read its local configuration again and write its files."""
    ask(api, "POST", "/reload", {})


class Refused(AccessError):
    """Report an answer that isn't a success, by its status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def ask(api: Api, method: str, path: str, body: Optional[Mapping[str, Any]] = None) -> Any:
    """Send one request and give the answer, as JSON where it is."""
    what = f"Patroni's REST API at {api.url}"
    try:
        with opener(api).open(written(api, method, path, body), timeout=SECONDS) as answer:
            return decoded(answer.read())
    except error.HTTPError as refused:
        refused.close()
        why = WHY.get(refused.code, "look at its log")
        raise Refused(f"{what} refused {method} {path} with status {refused.code}: {why}", refused.code) from None
    except error.URLError as lost:
        raise AccessError(f"{what} can't be reached: {reason(lost.reason)}") from None
    except UNREACHABLE as lost:
        raise AccessError(f"{what} gave no answer to {method} {path}: {reason(lost)}") from None


def written(api: Api, method: str, path: str, body: Optional[Mapping[str, Any]]) -> request.Request:
    """Give a request with its headers."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if api.username:
        pair = f"{api.username}:{api.password.reveal()}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(pair).decode("ascii")
    data = None if body is None else json.dumps(body).encode()
    return request.Request(api.url + path, data, headers, method=method)  # noqa: S310  its scheme was checked


def opener(api: Api) -> request.OpenerDirector:
    """Give what sends requests: past the environment's proxies, which know nothing of the cluster."""
    handlers: list[request.BaseHandler] = [request.ProxyHandler({}), NoRedirect()]
    if api.url.startswith("https:"):
        handlers.append(request.HTTPSHandler(context=context(api)))
    return request.build_opener(*handlers)


def context(api: Api) -> ssl.SSLContext:
    """Give the rules for TLS."""
    try:
        rules = ssl.create_default_context(cafile=api.ca_cert or None)
        if api.client_cert:
            rules.load_cert_chain(api.client_cert, api.client_key or None, password="")
    except OSError as problem:
        files = ", ".join(filter(None, (api.ca_cert, api.client_cert, api.client_key)))
        raise AccessError(f"a certificate for Patroni's REST API can't be read ({files}): {reason(problem)}") from None
    if not api.validate_certs:
        rules.check_hostname = False
        rules.verify_mode = ssl.CERT_NONE
    return rules


def decoded(content: bytes) -> Any:
    """Give an answer as JSON, or else as text."""
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")


def reason(problem: object) -> str:
    """Say why in one line."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"its certificate isn't trusted ({problem.verify_message}): give patroni.ca_cert"
    if isinstance(problem, OSError) and problem.strerror:
        return str(problem.strerror)
    return " ".join(str(problem).split()) or type(problem).__name__
