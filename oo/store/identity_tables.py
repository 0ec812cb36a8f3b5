"""Tables of how people sign in at providers."""

from sqlalchemy import Boolean, Column, ForeignKey, String, Table

from oo.store.schema import ID, UtcDateTime, metadata

# who a provider says that somebody is; a person may have several
identities = Table(
    "identities",
    metadata,
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False, index=True),
    Column("email", String(320), nullable=False),
    Column("email_verified", Boolean, nullable=False),
    Column("mail_refused_at", UtcDateTime),  # since when the provider forwards no mail
    Column("added_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),  # when it last signed in
)

# answers of providers that have opened something, so that none does so twice
spent_attempts = Table(
    "spent_attempts",
    metadata,
    Column("attempt_hash", String(64), primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)
