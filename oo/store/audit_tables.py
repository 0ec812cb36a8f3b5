"""The audit log: who did what to whom, and why; rows are added and never changed."""

from sqlalchemy import JSON, BigInteger, Column, Connection, String, Table, Text, event

from oo.store.schema import UtcDateTime, metadata

audit = Table(
    "audit",
    metadata,
    # 1, 2, 3, ...: given by the writer, so that a gap is a broken link
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(320), nullable=False),
    Column("action", String(64), nullable=False),
    Column("whom", String(320), nullable=False, index=True),
    Column("why", Text, nullable=False),
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    Column("hash", String(64), nullable=False),  # SHA-256 over the row and the hash before it
)

REFUSAL = "the audit log is append-only"
SQLITE = tuple(
    f"CREATE TRIGGER audit_refuses_{verb.lower()} BEFORE {verb} ON audit"
    f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    for verb in ("UPDATE", "DELETE")
)
POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$",
    "CREATE TRIGGER audit_refuses BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
    " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()",
)


def _guard(table: Table, connection: Connection, **_: object) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    for statement in SQLITE if is_sqlite else POSTGRESQL:
        connection.exec_driver_sql(statement)


event.listen(audit, "after_create", _guard)
