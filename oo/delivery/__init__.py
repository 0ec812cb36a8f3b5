"""Whether and when to speak to a person; how a tip reaches them is `oo.push`'s."""
