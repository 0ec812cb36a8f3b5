"""What calls of language models cost, summed up by the hour."""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Integer, String, Table

from oo.domain.model_calls import BUCKETS_S
from oo.store.schema import ID, UtcDateTime, metadata

BUCKETS = tuple(f"latency_{index}" for index in range(len(BUCKETS_S) + 1))

model_calls = Table(
    "model_calls",
    metadata,
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    Column("hour", UtcDateTime, primary_key=True, index=True),
    Column("alias", String(64), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("place", String(8), primary_key=True),  # local | cloud
    Column("prompt_version", String(64), primary_key=True),
    Column("purpose", String(32), primary_key=True),
    Column("outcome", String(16), primary_key=True),
    Column("calls", Integer, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cost_usd", Float, nullable=False),
    Column("latency_s", Float, nullable=False),
    Column("accepted", Integer, nullable=False),  # tips of the answers, by the gate's judgement
    Column("refused", Integer, nullable=False),
    *(Column(name, Integer, nullable=False) for name in BUCKETS),  # calls by latency
)
