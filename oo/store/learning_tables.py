"""What a writer is trained on: what was asked and said for a candidate."""

from sqlalchemy import JSON, Column, ForeignKey, Integer, LargeBinary, Table, Text

from oo.store.schema import ID, UtcDateTime, metadata
from oo.store.sealing import words

# only of people who agreed to pooling; outlives the candidate, for a reaction may come late
writings = Table(
    "writings",
    metadata,
    Column("candidate_id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False, index=True),
    Column("messages", JSON, nullable=False, info=words([])),  # the prompt, with titles
    Column("task_index", Integer),  # the place in it of the tip's task
    # the answer, in which titles are references
    Column("spoken", Text, nullable=False, info=words()),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("sealed", LargeBinary),  # the words above, see oo.store.sealing
)
