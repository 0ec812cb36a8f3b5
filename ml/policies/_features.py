"""The d = 16 features that the policies with a prior learn from."""

PERSONAL = (
    "intercept",
    "is_overdue",
    "task_age_days",
    "priority",
    "is_advice",
    "is_insight",
    "is_reminder",
    "llm_confidence",
    "hour_sin",
    "hour_cos",
    "task_hour_sin",
    "task_hour_cos",
    "priority_hour_sin",
    "priority_hour_cos",
    "completion_rate",
    "preferred_hour",
)
