"""Sign-in through the pages at a provider that signs for real, without a socket."""

from typing import NamedTuple

import httpx2
import pytest
from sqlalchemy import func, select

from oo.identity.openid import OpenIdSignIn
from oo.kit.settings import Settings
from oo.store.tables import identities, sessions, users
from oo.vault.keyring import Keyring
from tests.peers.signing import CLIENT_ID, ISSUER, SigningProvider
from tests.unit.web.conftest import Site

PROVIDER = {"title": "Stand", "issuer": ISSUER, "client_id": CLIENT_ID, "client_secret": "s" * 32}


class Scene(NamedTuple):
    """A site, its provider and a browser."""

    site: Site
    provider: SigningProvider
    browser: httpx2.AsyncClient

    async def begin(self, name: str = "stand") -> dict[str, str]:
        """Start to sign in and consent; what the browser brings back."""
        start = await self.browser.get(f"/auth/{name}")
        assert start.status_code == 303, start.text
        return self.provider.consent(start.headers["location"])

    async def come_back(self, answer: dict[str, str], name: str = "stand") -> httpx2.Response:
        return await self.browser.get(f"/auth/{name}/callback", params=answer)


def scene_of(site: Site) -> Scene:
    """A browser before `site`, whose providers are one stand-in; `form` answers by a form."""
    provider = SigningProvider(site.clock)
    form = {**PROVIDER, "response_mode": "form_post"}
    oidc = {"stand": PROVIDER, "other": PROVIDER, "form": form}
    own = Settings.model_validate({"data_dir": site.settings.data_dir, "oidc": oidc})
    site.app.state.services.identity.openid = OpenIdSignIn(
        own, Keyring({"k": b"k" * 32}), site.clock, provider.transport()
    )
    return Scene(site, provider, site.browser(accept="text/html"))


async def nobody_is_in(scene: Scene) -> bool:
    async with scene.site.db.read() as connection:
        counts = [
            (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (sessions, identities, users)
        ]
    return counts == [0, 0, 0] and "sid" not in scene.browser.cookies


def causes(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The causes in the log, one per line."""
    return [
        str(record.args[1])
        for record in caplog.records
        if record.name == "oo.identity.failures" and isinstance(record.args, tuple)
    ]
