"""Every kind of sign-in provider passes every check; a new one is one file."""

from urllib.parse import urlsplit

import pytest

from oo.identity.provider import OpenIdProvider, Provider, kinds
from oo.kit.setting_groups import OidcProvider
from oo.kit.settings import Section

KINDS = kinds()
each = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


@each
def test_it_can_be_set_up_by_its_name(kind: Provider) -> None:
    issuer = urlsplit(kind.issuer)
    assert kind.name.isidentifier()
    assert kind.title
    assert (issuer.scheme, issuer.query, issuer.fragment) == ("https", "", "")
    assert not kind.issuer.endswith("/")


@each
def test_its_settings_are_beside_those_that_all_have(kind: Provider) -> None:
    assert issubclass(kind.settings, Section)
    assert not set(kind.settings.model_fields) & set(OidcProvider.model_fields)


@each
def test_it_asks_for_an_identity(kind: Provider) -> None:
    assert isinstance(kind.make, type)
    assert issubclass(kind.make, OpenIdProvider)
    assert "openid" in kind.make.scope.split()
    assert kind.make.response_mode in {"query", "form_post"}
