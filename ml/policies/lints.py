"""Linear Thompson sampling, each person alone (Agrawal and Goyal 2013, arXiv 1209.3352)."""

from ml.policies._features import PERSONAL
from ml.policies._thompson import Thompson
from ml.training.pooling import vague

POLICY = Thompson("lints", "1", PERSONAL, prior=vague(len(PERSONAL), size=0.5), epsilon=0.02)
