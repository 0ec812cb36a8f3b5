"""Sub-agents: each looks at a person's situation from one side and says what is worth knowing."""
