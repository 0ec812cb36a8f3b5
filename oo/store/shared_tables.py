"""The tables that hold no person's data: policies, prompts, adapters, simulations."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from oo.store.schema import ID, SEQUENCE, UtcDateTime, metadata

policy_parameters = Table(
    "policy_parameters",
    metadata,
    Column("policy", String(64), primary_key=True),
    Column("version", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("report", JSON, nullable=False),  # what it was fitted to, and how it did
    Column("created_at", UtcDateTime, nullable=False),
)

# append-only: the roles of policies are a fold of it
policy_changes = Table(
    "policy_changes",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    Column("policy", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("role", String(16), nullable=False),  # see oo.store.policies
    Column("actor", String(320), nullable=False),
    Column("reason", Text, nullable=False),
    Column("report", JSON, nullable=False),  # what the gate found
    Column("created_at", UtcDateTime, nullable=False),
)

# what a version of a prompt said when it was proposed or challenged: files may change, this not
prompt_texts = Table(
    "prompt_texts",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("family", String(64), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("body", Text, nullable=False),  # the YAML of the file
    Column("created_at", UtcDateTime, nullable=False),
)

# append-only: the roles of prompts are a fold of it
prompt_changes = Table(
    "prompt_changes",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    Column("version", String(64), nullable=False),
    Column("role", String(16), nullable=False),  # see oo.domain.prompts
    Column("share", Float, nullable=False),  # of people, for a challenger; else 0
    Column("actor", String(320), nullable=False),
    Column("reason", Text, nullable=False),
    Column("report", JSON, nullable=False),  # what the search or the gate found
    Column("created_at", UtcDateTime, nullable=False),
)

# append-only: which adapter an alias has is a fold of it
adapter_changes = Table(
    "adapter_changes",
    metadata,
    Column("id", SEQUENCE, primary_key=True, autoincrement=True),
    Column("alias", String(64), nullable=False),
    Column("adapter", String(64), nullable=False),  # NAME@VERSION
    Column("role", String(16), nullable=False),  # see oo.store.adapters
    Column("actor", String(320), nullable=False),
    Column("reason", Text, nullable=False),
    Column("report", JSON, nullable=False),  # what was measured of it
    Column("created_at", UtcDateTime, nullable=False),
)

# simulated people only: nothing here is about a person
sim_runs = Table(
    "sim_runs",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(120), nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("finished_at", UtcDateTime),
    Column("kind", String(16), nullable=False),  # comparison | sweep | evaluation
    Column(
        "status", String(16), nullable=False
    ),  # waiting | running | finished | failed | cancelled | cut
    Column("seed", BigInteger, nullable=False),
    Column("config", JSON, nullable=False),
    Column("summary", JSON, nullable=False),  # {} until it has finished
    Column("mlflow_run_id", String(64)),
)

# one row per trial, simulated person and day; in a sweep, one per trial and day of all people
sim_events = Table(
    "sim_events",
    metadata,
    Column("run_id", ID, ForeignKey("sim_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("policy", String(200), nullable=False),  # with its changed parameters
    Column("seed", BigInteger, nullable=False),
    Column("persona", Integer),
    Column("day", Integer, nullable=False),
    Column("decisions", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("dismissed", Integer, nullable=False),
    Column("reward", Float),  # mean of those seen
    Column("regret", Float, nullable=False),  # mean, as are propensities
    Column("propensity", Float, nullable=False),
)
