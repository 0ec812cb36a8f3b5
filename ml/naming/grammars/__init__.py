"""One file per language: how a title becomes a name."""
