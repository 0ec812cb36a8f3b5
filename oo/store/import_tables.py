"""What undoing an import needs, for a few minutes."""

from sqlalchemy import JSON, Column, ForeignKey, LargeBinary, String, Table

from oo.store.schema import ID, UtcDateTime, metadata
from oo.store.sealing import words

last_imports = Table(
    "last_imports",
    metadata,
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    Column("source", String(64), primary_key=True),
    Column("imported_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("body", JSON, nullable=False, info=words({})),  # see oo.store.last_imports
    Column("sealed", LargeBinary),  # the words above, see oo.store.sealing
)
