"""The tables of ways in beside providers: links, passkeys, tokens of machines."""

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, String, Table

from oo.store.schema import ID, UtcDateTime, metadata

login_links = Table(
    "login_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False, index=True),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),  # COSE
    Column("sign_count", BigInteger, nullable=False),  # of its last use; 0 where it keeps none
    Column("name", String(80), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)

# deleted by the answer to it, whatever that is
passkey_challenges = Table(
    "passkey_challenges",
    metadata,
    Column("challenge_hash", String(64), primary_key=True),
    Column("session_hash", String(64), nullable=False),  # that adds a passkey; empty: signs in
    Column("expires_at", UtcDateTime, nullable=False),
)

machine_tokens = Table(
    "machine_tokens",
    metadata,
    Column("id", ID, primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("name", String(80), nullable=False),  # what it is for
    Column("role", String(16), nullable=False),  # see oo.domain.roles
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)
