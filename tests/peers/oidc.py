"""Starts the real OpenID provider, and signs people in there as a browser would."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx2

CLIENT_ID = "oo-test"
CLIENT_SECRET = "oo-test-secret"
ROOT = Path(__file__).parent.parent.parent
INSTALLED = (ROOT / "node_modules" / "oidc-provider").exists()


@contextmanager
def openid_provider(
    *redirect_uris: str, host: str = "127.0.0.1", secret_key: str = ""
) -> Iterator[str]:
    """The issuer of a running provider that knows these redirect URIs.

    With `secret_key`, a public key in PEM, it wants its client's secret as Apple does.
    """
    environment = {**os.environ, "OIDC_HOST": host}
    if secret_key:
        environment["OIDC_SECRET_KEY"] = secret_key
    process = subprocess.Popen(
        ["node", str(Path(__file__).with_name("oidc.mjs")), *redirect_uris],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        issuer = process.stdout.readline().strip()
        if not issuer:
            raise RuntimeError("oidc-provider did not start; run `npm ci` first")
        yield issuer
    finally:
        process.terminate()
        process.communicate(timeout=10)


async def consent(
    url: str, login: str, redirect_uri: str, cookies: httpx2.Cookies | None = None
) -> httpx2.URL:
    """Sign in as `login` and consent; returns the address that the browser is sent back to.

    An answer that the provider has the browser post comes as if it were in the query. Whoever is
    signed in there, by `cookies` of before, is asked for no login unless the provider insists.
    """
    async with httpx2.AsyncClient(follow_redirects=False, cookies=cookies) as browser:
        response = await browser.get(url)
        for _ in range(12):
            if response.is_redirect:
                url = urljoin(url, response.headers["location"])
                if url.startswith(redirect_uri):
                    if cookies is not None:
                        cookies.update(browser.cookies)
                    return httpx2.URL(url)
                response = await browser.get(url)
                continue
            action = re.search(r'action="([^"]+)"', response.text)
            assert action, response.text
            fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', response.text))
            if action[1] == redirect_uri:
                return httpx2.URL(redirect_uri, params=fields)
            url = urljoin(url, action[1])
            response = await browser.post(url, data={**fields, "login": login, "password": "any"})
    raise AssertionError("the provider never sent the browser back")
