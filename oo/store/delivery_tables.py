"""The tables of whether and when to speak: what people set, moments ahead, decisions, outcomes."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from oo.store.schema import ID, CandidateColumns, UtcDateTime, metadata

attention = Table(
    "attention",
    metadata,
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    Column("quiet_from", Integer, nullable=False),  # minutes of the person's local day
    Column("quiet_until", Integer, nullable=False),
    Column("budget", Integer, nullable=False),  # pushes a day at most
    Column("not_before", UtcDateTime),  # "not now" until then
    Column("changed_at", UtcDateTime, nullable=False),
)

# the next moment at which speaking to the person is thought of; may be lost and made again
delivery_moments = Table(
    "delivery_moments",
    metadata,
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    Column("next_at", UtcDateTime, index=True),  # none: the person allows no notifications
    Column("kind", String(32), nullable=False),  # see oo.domain.interruptions.MomentKind
    Column("hours", JSON, nullable=False),  # local hours at which the person is usually there
    Column("hours_at", UtcDateTime, nullable=False),  # when these were looked up
    Column("hushed", String(32), nullable=False, server_default=""),  # why the last one was passed
)

# the log of decisions to speak or not; what crosses to evaluation is as in `tip_scores`
delivery_decisions = Table(
    "delivery_decisions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("moment", String(32), nullable=False),
    Column("policy", String(64), nullable=False),
    Column("policy_version", String(64), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("state_seq", BigInteger, nullable=False),  # outcomes folded into the state that scored
    Column("features", CandidateColumns, nullable=False),  # {name: [silence's 0, value]}
    Column("chosen", Integer, nullable=False),  # 0: silence, 1: speak
    Column("propensities", JSON, nullable=False),
    Column("scores", JSON, nullable=False),
    Column("tip_id", ID),  # the decision in `tip_scores` that is sent; ends earlier than this row
    Column("delivery_id", String(64)),
    Column("unsent", String(32)),  # why a tip that was to be sent was not
    Column("outcome", String(16)),  # see oo.domain.interruptions.PushOutcome
    Column("reward", Float),
    Column("settled_at", UtcDateTime),
    Index(None, "user_id", "created_at"),
)

# append-only, numbered per person: models of delivery are folds of it
delivery_rewards = Table(
    "delivery_rewards",
    metadata,
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("decision_id", ID, nullable=False),  # a decision ends earlier than what it taught
    Column("outcome", String(16), nullable=False),
    Column("reward", Float, nullable=False),
    Column("replaces", Float),
    Column("features", JSON, nullable=False),
    Column("learned_at", UtcDateTime, nullable=False),  # from when on its weight fades
    Column("created_at", UtcDateTime, nullable=False),
)

delivery_models = Table(
    "delivery_models",
    metadata,
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    Column("policy", String(64), primary_key=True),
    Column("state", LargeBinary, nullable=False),
    Column("applied_seq", BigInteger, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# what people who agreed to pooling have in common, fitted anew each night; never altered
delivery_priors = Table(
    "delivery_priors",
    metadata,
    Column("policy", String(64), primary_key=True),
    Column("version", String(64), primary_key=True),
    Column("parameters", LargeBinary, nullable=False),
    Column("people", Integer, nullable=False),
    Column("fitted_at", UtcDateTime, nullable=False),
)
