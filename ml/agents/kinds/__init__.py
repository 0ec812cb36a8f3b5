"""One file per sub-agent, exporting ``AGENT``; its sentences lie with the languages."""
