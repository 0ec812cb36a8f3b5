"""Commands of `oo` by subject; `deployments.cli` registers them."""
