"""Sign-in providers that differ from plain OpenID Connect, one file each."""
