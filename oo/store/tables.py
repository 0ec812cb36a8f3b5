"""The tables: where the shape of the stored data is written down.

Every table that holds a person's data has a `user_id`, and every query on it names one (a lint
test checks it). Instants are UTC. The migrations in this package bring a database to this shape.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    or_,
)

from oo.store.access_tables import login_links, machine_tokens, passkey_challenges, passkeys
from oo.store.audit_tables import audit
from oo.store.batch_tables import fill_batch_people, fill_batches
from oo.store.consent_tables import consents
from oo.store.console_tables import admin_requests, saved_views
from oo.store.delivery_tables import (
    attention,
    delivery_decisions,
    delivery_models,
    delivery_moments,
    delivery_priors,
    delivery_rewards,
)
from oo.store.erasure_tables import erasures
from oo.store.event_tables import event_consumers, events
from oo.store.hourly_tables import (
    daily_arrivals,
    hourly_actions,
    hourly_returns,
    hourly_state,
    hourly_tips,
    hours_to_count,
)
from oo.store.identity_tables import identities, spent_attempts
from oo.store.import_tables import last_imports
from oo.store.learning_tables import writings
from oo.store.model_call_tables import model_calls
from oo.store.push_tables import deliveries, delivery_outcomes, devices, sendings, vapid_keys
from oo.store.schema import ID, SEQUENCE, CandidateColumns, UtcDateTime, metadata
from oo.store.sealing import words
from oo.store.shared_tables import (
    adapter_changes,
    policy_changes,
    policy_parameters,
    sim_events,
    sim_runs,
)

__all__ = [
    "UtcDateTime",
    "adapter_changes",
    "admin_requests",
    "attention",
    "audit",
    "candidates",
    "connections",
    "consents",
    "daily_arrivals",
    "data_keys",
    "deliveries",
    "delivery_decisions",
    "delivery_models",
    "delivery_moments",
    "delivery_outcomes",
    "delivery_priors",
    "delivery_rewards",
    "devices",
    "erasures",
    "event_consumers",
    "events",
    "feedback",
    "fill_batch_people",
    "fill_batches",
    "hourly_actions",
    "hourly_returns",
    "hourly_state",
    "hourly_tips",
    "hours_to_count",
    "identities",
    "in_trouble",
    "last_imports",
    "login_links",
    "machine_tokens",
    "metadata",
    "model_calls",
    "outbox",
    "passkey_challenges",
    "passkeys",
    "policy_changes",
    "policy_parameters",
    "profiles",
    "saved_views",
    "sendings",
    "sessions",
    "shadow_scores",
    "signals",
    "sim_events",
    "sim_runs",
    "spent_attempts",
    "tasks",
    "tip_scores",
    "user_models",
    "users",
    "vapid_keys",
    "writings",
]

users = Table(
    "users",
    metadata,
    Column("id", ID, primary_key=True),
    Column("email", String(320), nullable=False),
    Column("name", String(200), nullable=False),
    Column("timezone", String(64), nullable=False, server_default="UTC"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
    # number of reactions so far: the next one gets user_seq + 1
    Column("user_seq", BigInteger, nullable=False, server_default="0"),
    # moves whenever the person's candidates or tasks change, so that caches know
    Column("pool_version", BigInteger, nullable=False, server_default="0"),
    # the version at which the making of candidates last left the pool as it should be, and the
    # instant at which the clock alone gives reason to look again
    Column("filled_version", BigInteger),
    Column("look_again_at", UtcDateTime),
    # since when what a pool is made from has changed with no good pool after it
    Column("changed_at", UtcDateTime),
    Column("good_until", UtcDateTime),  # by the clock alone; none: it is not good
    Column("role", String(16), nullable=False, server_default="person"),  # see oo.domain.roles
    # moves whenever the person erases some of their past, so that caches made of it know
    Column("past_version", BigInteger, nullable=False, server_default="0"),
    Index(None, "email"),
    Index(None, "created_at"),
)
# those alone who wait for being erased, the first who asked first
Index(
    "ix_users_waiting",
    users.c.deleted_at,
    users.c.id,
    sqlite_where=users.c.deleted_at.is_not(None),
    postgresql_where=users.c.deleted_at.is_not(None),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # SHA-256 of the cookie
    Column("user_id", ID, ForeignKey("users.id"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),  # however much it is used
    Column("user_agent", String(300), nullable=False, server_default=""),
    Column("authenticated_at", UtcDateTime, nullable=False),  # when who it is was last proven
    Column("seen_at", UtcDateTime, nullable=False),  # last use, to a few minutes
)

data_keys = Table(
    "data_keys",
    metadata,
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("kek_id", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

connections = Table(
    "connections",
    metadata,
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    Column("source", String(64), primary_key=True),
    Column("account", String(320), nullable=False, server_default="", info=words()),
    Column("status", String(16), nullable=False),  # connected | reconnect
    Column("secret", LargeBinary),  # the grant, sealed by the vault
    Column("connected_at", UtcDateTime, nullable=False),
    Column("synced_at", UtcDateTime),  # when reading began, the last time that it worked
    Column("asked_at", UtcDateTime),  # when the source was asked last, whether it answered or not
    Column("error", String(500)),
    Column("cursor", Text),  # where the source's next delta begins
    Column("sealed", LargeBinary),  # the words above, see oo.store.sealing
)

# those alone that want attention: the console counts them
in_trouble = or_(
    connections.c.status == literal_column("'reconnect'"), connections.c.error.is_not(None)
)
Index(
    "ix_connections_in_trouble",
    connections.c.status,
    sqlite_where=in_trouble,
    postgresql_where=in_trouble,
)

tasks = Table(
    "tasks",
    metadata,
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    Column("id", String(200), primary_key=True),
    Column("source", String(64), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("title", Text, nullable=False, info=words()),
    Column("priority", Integer, nullable=False),
    Column("due", Date),
    Column("due_at", UtcDateTime),
    Column("added_at", UtcDateTime),
    Column("labels", JSON, nullable=False, info=words([])),
    Column("project", String(300), info=words(None)),
    Column("recurring", Boolean, nullable=False),
    Column("recorded_at", UtcDateTime),  # when the source told it as it is, while it told it open
    Column("completed_at", UtcDateTime),
    Column("not_before", UtcDateTime),  # a snoozed or dismissed task is left alone until then
    Column("sealed", LargeBinary),  # the words above, see oo.store.sealing
)

# all kinds of signals but tasks, which have a life of their own
signals = Table(
    "signals",
    metadata,
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("id", String(200), primary_key=True),
    Column("source", String(64), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("body", JSON, nullable=False, info=words({})),  # as its kind encodes it
    Column("local_day", Date),  # where it holds on a day of the person's calendar
    # widest bounds, whatever the person's time zone
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("sealed", LargeBinary),  # the words above, see oo.store.sealing
    Index(None, "user_id", "ends_at"),
    Index(None, "kind", "recorded_at"),  # who was seen since then
)

candidates = Table(
    "candidates",
    metadata,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False),
    Column("pool_key", String(64), nullable=False),  # hash of context, prompt and model
    Column("kind", String(16), nullable=False),
    Column("content", Text, nullable=False, info=words()),
    Column("source", String(32), nullable=False),
    Column("model", String(200), nullable=False),
    Column("prompt_version", String(64), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("task_id", String(200)),
    # labels of oO's own: the kind of work of what it speaks of, and the language of the text
    Column("activity", String(32)),
    Column("language", String(8)),
    # what the content states, see oo.domain.claims
    Column("claims", JSON, nullable=False, info=words([])),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("starts_at", UtcDateTime),  # made ahead: for the part of the day that begins then
    Column("not_before", UtcDateTime),
    Column("retired_at", UtcDateTime),
    Column("sealed", LargeBinary),  # the words above, see oo.store.sealing
    Index(None, "user_id", "retired_at", "expires_at"),
)

tip_scores = Table(
    "tip_scores",
    metadata,
    Column("id", ID, primary_key=True),  # the id of the tip
    Column("user_id", ID, ForeignKey("users.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("content", Text, nullable=False, info=words()),
    Column("source", String(32), nullable=False),
    Column("model", String(200), nullable=False),
    Column("prompt_version", String(64), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("task_id", String(200)),
    Column("activity", String(32)),
    Column("language", String(8)),
    Column("candidate_ids", JSON, nullable=False),
    Column("chosen", Integer, nullable=False),  # index into candidate_ids
    Column("policy", String(64), nullable=False),
    Column("policy_version", String(64), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("state_seq", BigInteger, nullable=False),  # reactions folded into the state that scored
    Column("propensity", Float, nullable=False),
    Column("propensities", JSON, nullable=False),
    Column("scores", JSON, nullable=False),
    Column("features", CandidateColumns, nullable=False),
    Column("degraded", String(64)),  # why the policy in force did not pick, if it did not
    Column("latency_ms", Float, nullable=False),
    Column("seen_at", UtcDateTime),  # when the page had shown it for a moment
    Column("sealed", LargeBinary),  # the words above, see oo.store.sealing
    Index(None, "user_id", "created_at"),
)

shadow_scores = Table(
    "shadow_scores",
    metadata,
    Column("tip_id", ID, ForeignKey("tip_scores.id", ondelete="CASCADE"), primary_key=True),
    Column("policy", String(64), primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False, index=True),
    Column("policy_version", String(64), nullable=False),
    Column("state_seq", BigInteger, nullable=False),
    Column("chosen", Integer, nullable=False),
    Column("propensities", JSON, nullable=False),
    Column("scores", JSON, nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    Column("user_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("tip_id", ID, nullable=False),  # a decision ends earlier than what was learnt of it
    Column("revision", Integer, nullable=False, server_default="0"),
    Column("action", String(16), nullable=False),
    Column("dwell_ms", BigInteger, nullable=False),
    Column("reward", Float, nullable=False),
    Column("replaces", Float),  # the provisional reward that this one takes the place of
    Column("learned_at", UtcDateTime, nullable=False),  # from when on its weight fades
    Column("late", Boolean, nullable=False),  # kept, but not learnt from
    Column("features", JSON, nullable=False),  # {name: value} of the tip that was shown
    Column("idempotency_key", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("tip_id", "revision"),
    UniqueConstraint("user_id", "idempotency_key"),
    Index(None, "created_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False, index=True),
    Column("subject", String(120), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("relayed_at", UtcDateTime),  # when its consumer has dealt with it
    Column("attempts", Integer, nullable=False, server_default="0"),  # those that failed
    Column("next_at", UtcDateTime),  # when it is tried again; at once if there is none
    Column("outcome", String(16)),  # how it ended
    Column("error", Text),  # what went wrong the last time, as a sentence
    Index(None, "subject", "relayed_at", "id"),
    sqlite_autoincrement=True,  # a number that was given is not given again
)

user_models = Table(
    "user_models",
    metadata,
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    Column("policy", String(64), primary_key=True),
    Column("state", LargeBinary, nullable=False),
    Column("applied_seq", BigInteger, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

profiles = Table(
    "profiles",
    metadata,
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    Column("user_seq", BigInteger, nullable=False),  # reactions that it knows
    Column("values", JSON, nullable=False),  # {feature: value}
    Column("computed_at", UtcDateTime, nullable=False),
)
