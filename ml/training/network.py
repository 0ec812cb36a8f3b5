"""The network that all people share: features to an embedding, in which rewards are linear.

Two layers of tanh without biases, so that a row of zeros (nothing shown) embeds to zero. It is
trained here with torch; what scores requests needs only numpy and the weights.
"""

from typing import NamedTuple

import numpy as np

from oo.domain.statistics import Floats

HIDDEN = 32
STEPS = 400
LEARNING_RATE = 0.01
WEIGHT_DECAY = 1e-3


class Network(NamedTuple):
    """Weights of shapes (HIDDEN, features) and (embedding, HIDDEN)."""

    inner: Floats
    outer: Floats

    def embed(self, x: Floats) -> Floats:
        """Features (…, features) to (…, embedding), each in (-1, 1)."""
        embedded: Floats = np.tanh(np.tanh(x @ self.inner.T) @ self.outer.T)
        return embedded


def untrained(features: int, embedding: int) -> Network:
    """The same random directions each time: what is used until there is something to learn from."""
    rng = np.random.Generator(np.random.PCG64(7))
    inner = rng.standard_normal((HIDDEN, features)) / np.sqrt(features)
    outer = rng.standard_normal((embedding, HIDDEN)) / np.sqrt(HIDDEN) * 2.0
    return Network(inner, outer)


def train(start: Network, x: Floats, rewards: Floats, weights: Floats) -> Network:
    """The network after full-batch Adam on the weighted squared error of a linear head.

    `x` is (n, features), `rewards` and `weights` (n,). Full batches in float64 on one thread: the
    same rows give the same weights.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        inner, outer = (torch.tensor(part, requires_grad=True) for part in start)
        head = torch.zeros(len(start.outer), dtype=torch.float64, requires_grad=True)
        inputs, targets = torch.tensor(x), torch.tensor(rewards)
        shares = torch.tensor(weights / weights.sum())
        optimizer = torch.optim.AdamW(
            [inner, outer, head], lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY
        )
        for _ in range(STEPS):
            optimizer.zero_grad()
            embedded = torch.tanh(torch.tanh(inputs @ inner.T) @ outer.T)
            loss = (shares * (embedded @ head - targets) ** 2).sum()
            loss.backward()
            optimizer.step()
        return Network(inner.detach().numpy().copy(), outer.detach().numpy().copy())
    finally:
        torch.set_num_threads(threads)
