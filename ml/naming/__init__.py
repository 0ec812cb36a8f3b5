"""Names of tasks: how a person would say what a title means, in words of the title alone."""
